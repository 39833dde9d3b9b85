//! What is published: one message per line, in the documented shape.

use std::io;
use std::time::Duration;

use ham_feed::server::FeedServer;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// The longest line, in bytes: what this command's own client takes as one message.
pub(super) const MAX_LINE: usize = ham_feed::DEFAULT_MAX_MESSAGE_SIZE;

/// Reads lines; even the longest takes bounded memory.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    too_long: bool,
    number: u64,
}

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: u64,
    /// Without its end; `None` for a line that is too long.
    pub(super) text: Option<Vec<u8>>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: Vec::new(), too_long: false, number: 0 }
    }

    /// The next line; `None` at the end. The last one needs no line feed.
    ///
    /// # Cancel safety
    /// Cancel-safe: a line that was read in part is kept.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let read = self.input.fill_buf().await?;
            let (taken, ends) = match read.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (read.len(), read.is_empty()),
            };
            let part = read[..taken].strip_suffix(b"\n").unwrap_or(&read[..taken]);
            if self.line.len() + part.len() > MAX_LINE {
                self.too_long = true;
                self.line.clear();
            }
            if !self.too_long {
                self.line.extend_from_slice(part);
            }
            self.input.consume(taken);
            if !ends {
                continue;
            }
            if taken == 0 && self.line.is_empty() && !self.too_long {
                return Ok(None);
            }
            self.number += 1;
            let text = std::mem::take(&mut self.line);
            let text = (!std::mem::take(&mut self.too_long)).then_some(text);
            return Ok(Some(Line { number: self.number, text }));
        }
    }
}

/// Publishes a line, and returns its chain; `None` if the line is empty.
///
/// # Errors
/// What is wrong with it.
pub(super) fn publish(
    server: &FeedServer,
    is_known: impl Fn(&str) -> bool,
    line: &Line,
) -> Result<Option<String>, String> {
    #[derive(Deserialize)]
    struct Message<'a> {
        r#type: String,
        chain_name: String,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
        cause: Option<String>,
        missed: Option<u64>,
    }
    let Some(text) = &line.text else {
        return Err(format!("it is longer than {MAX_LINE} bytes"));
    };
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let message: Message<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if !is_known(&message.chain_name) {
        return Err("its chain is not one of those given with --chain".to_owned());
    }
    let chain_name = &message.chain_name;
    match (message.r#type.as_str(), message.data) {
        ("new_block", Some(data)) => server.publish_raw_block(chain_name, data),
        ("new_event", Some(data)) => server.publish_raw_event(chain_name, data),
        ("gap", _) => {
            let cause = message.cause.as_deref().unwrap_or("link_lost");
            server.publish_gap(chain_name, cause, message.missed, Duration::ZERO)
        }
        ("new_block" | "new_event", None) => return Err("it has no data".to_owned()),
        _ => return Err("its type is not new_block, new_event or gap".to_owned()),
    };
    Ok(Some(message.chain_name))
}

#[cfg(test)]
mod tests {
    use ham_feed::server::{FeedServerConfig, Guest, NewsKind};
    use ham_feed::{Since, Topic};

    use super::*;

    #[tokio::test]
    async fn lines_are_counted_and_bounded() {
        let long = "x".repeat(MAX_LINE + 1);
        let input = format!("one\n\n{long}\nfour");
        let mut lines = Lines::new(input.as_bytes());
        let line = |number, text: Option<&str>| Line { number, text: text.map(|text| text.into()) };
        for wanted in [line(1, Some("one")), line(2, Some("")), line(3, None), line(4, Some("four"))] {
            assert_eq!(lines.next().await.unwrap(), Some(wanted));
        }
        assert_eq!(lines.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_line_is_said_and_the_rest_is_published_as_it_is() {
        let server = FeedServer::new(FeedServerConfig::default()).unwrap();
        let mut heard = server.subscribe(Guest::new("test"), &[Topic::chain("a")], &Since::Now).unwrap();
        let mut number = 0;
        let mut said = |text: &str| {
            number += 1;
            let line = Line { number, text: Some(text.into()) };
            publish(&server, |chain_name| chain_name != "b", &line)
        };
        for (text, wrong) in [
            ("{", "EOF"),
            ("[]", "invalid"),
            (r#"{"type":"new_block","data":1}"#, "chain_name"),
            (r#"{"type":"new_block","chain_name":"a"}"#, "no data"),
            (r#"{"type":"later","chain_name":"a","data":1}"#, "is not new_block"),
            (r#"{"type":"new_block","chain_name":"b","data":1}"#, "--chain"),
        ] {
            assert!(said(text).unwrap_err().contains(wrong), "{text}");
        }
        let on_a = Ok(Some("a".to_owned()));
        assert_eq!(said(" \r"), Ok(None));
        assert_eq!(said(r#"{"type":"new_block","chain_name":"a","data":{"n":1e400}}"#), on_a);
        assert_eq!(said(r#"{"type":"gap","chain_name":"a","missed":3}"#), on_a);
        let block = heard.next().await.unwrap();
        assert!(block.text().ends_with(r#""data":{"n":1e400}}"#), "{}", block.text());
        let gap = heard.next().await.unwrap();
        assert_eq!(gap.kind(), NewsKind::Gap);
        assert!(gap.text().contains(r#""cause":"link_lost","missed":3"#), "{}", gap.text());
    }
}
