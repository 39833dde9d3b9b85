//! The stream: one request and one answer each; callers decide what is tried again.

use std::fmt;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::context::{ContextBuilder, GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config as StreamConfig, RawMessageErrorKind};
use async_nats::jetstream::{Context, ErrorCode};
use bytes::Bytes;

use super::link::Link;
use super::subject::Subjects;
use crate::config::{DUPLICATES_WITHIN, Nats};

/// A stream, by its name.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    context: Context,
    config: StreamConfig,
    /// Whether a missing stream is created.
    create: bool,
}

/// A message that is in the stream.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) id: Option<String>,
    /// The cell whose block it is.
    pub(super) cell: Option<String>,
    pub(super) payload: Bytes,
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) kind: &'static str,
    /// By which the stream recognises duplicates.
    pub(super) id: String,
    pub(super) cell: Option<String>,
    pub(super) body: Bytes,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It is there, under this number.
    Stored(u64),
    /// The stream knew its id: it was there already.
    Known,
    /// The subject's last message is not the expected one.
    Beaten,
    /// The server, or the stream, accepts no message of this size.
    TooLarge,
}

/// Why something could not be done. Its effect is then unknown.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) why: String,
    /// There is no such stream.
    pub(super) no_stream: bool,
}

impl Stream {
    /// As the configuration has it.
    pub(super) fn of(config: &Nats, link: &Link) -> Self {
        let within = config.acknowledge_within;
        let context = ContextBuilder::new().timeout(within).ack_timeout(within).build(link.client.clone());
        let made = StreamConfig {
            name: config.stream.clone(),
            subjects: Subjects::below(&config.prefix).of_the_stream().into(),
            max_bytes: i64::try_from(config.stream_bytes).unwrap_or(i64::MAX),
            max_age: config.stream_age,
            num_replicas: config.stream_replicas,
            duplicate_window: DUPLICATES_WITHIN,
            description: Some("blocks, events and gaps of a ham gateway".to_owned()),
            ..StreamConfig::default()
        };
        Self { context, config: made, create: config.create_stream }
    }

    /// Creates it if it is missing. An existing one is left as it is.
    pub(super) async fn ensure(&self) -> Result<(), Failed> {
        let name = &self.config.name;
        match self.context.get_stream(name).await {
            Ok(stream) => self.fits(&stream.cached_info().config),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    if !self.create {
                        return Err(Failed::other(format!(
                            "there is no stream {name}, and create_stream is false"
                        )));
                    }
                    let made = self.context.create_stream(self.config.clone()).await;
                    made.map(drop)
                        .map_err(|error| Failed::other(format!("cannot make the stream {name}: {error}")))
                }
                _ => Err(Failed::other(error)),
            },
        }
    }

    /// Whether a stream that somebody else created can keep the promises.
    fn fits(&self, theirs: &StreamConfig) -> Result<(), Failed> {
        let name = &self.config.name;
        let takes = |ours: &String| theirs.subjects.iter().any(|theirs| covers(theirs, ours));
        if let Some(subject) = self.config.subjects.iter().find(|ours| !takes(ours)) {
            return Err(Failed::other(format!("the stream {name} does not take {subject}")));
        }
        // With only one server, the last message of the subject is enough.
        let (window, least) = (theirs.duplicate_window, DUPLICATES_WITHIN);
        if theirs.num_replicas > 1 && window < least {
            let replicas = theirs.num_replicas;
            return Err(Failed::other(format!(
                "the stream {name} has {replicas} replicas and forgets ids after {window:?}, so a change of leaders may double \
                 a message: run `nats stream edit {name} --dupe-window={}s`",
                least.as_secs()
            )));
        }
        Ok(())
    }

    /// Whether anything that was ever in it is gone.
    pub(super) async fn is_trimmed(&self) -> Result<bool, Failed> {
        let stream = self.context.get_stream(&self.config.name).await.map_err(Failed::other)?;
        let state = &stream.cached_info().state;
        Ok(state.first_sequence > 1 || state.deleted_count.is_some_and(|deleted| deleted > 0))
    }

    /// The last message of a subject; the subject may have wildcards.
    pub(super) async fn last(&self, subject: &str) -> Result<Option<Kept>, Failed> {
        self.message(subject, None).await
    }

    /// The first message of a subject after this number.
    pub(super) async fn next(&self, subject: &str, after: u64) -> Result<Option<Kept>, Failed> {
        self.message(subject, Some(after + 1)).await
    }

    async fn message(&self, subject: &str, from: Option<u64>) -> Result<Option<Kept>, Failed> {
        let stream = self.context.get_stream_no_info(&self.config.name).await.map_err(Failed::other)?;
        let asked = stream.raw_message_builder();
        let asked = match from {
            Some(from) => asked.sequence(from).next_by_subject(subject),
            None => asked.last_by_subject(subject),
        };
        match asked.send().await {
            Ok(message) => {
                let header = |name: &str| message.headers.get(name).map(|value| value.as_str().to_owned());
                Ok(Some(Kept {
                    sequence: message.sequence,
                    subject: message.subject.to_string(),
                    id: header(NATS_MESSAGE_ID.as_ref()),
                    cell: header(CELL),
                    payload: message.payload,
                }))
            }
            Err(error) => match error.kind() {
                RawMessageErrorKind::NoMessageFound => Ok(None),
                RawMessageErrorKind::JetStream(why) => Err(Failed {
                    no_stream: why.error_code() == ErrorCode::STREAM_NOT_FOUND,
                    why: why.to_string(),
                }),
                _ => Err(Failed::other(error)),
            },
        }
    }

    /// Puts a message after the one with this number, which is the last of its subject; 0 is before the first.
    pub(super) async fn put(&self, subject: &str, message: &Message, last: u64) -> Result<Put, Failed> {
        let publish = PublishMessage::build()
            .payload(message.body.clone())
            .message_id(&message.id)
            .expected_stream(&self.config.name)
            .expected_last_subject_sequence(last);
        let publish = match &message.cell {
            Some(cell) => publish.header(CELL, cell.as_str()),
            None => publish,
        };
        let sent = self.context.send_publish(subject.to_owned(), publish).await;
        let acknowledged = match sent {
            Ok(sent) => sent.await,
            Err(error) => Err(error),
        };
        let error = match acknowledged {
            Ok(known) if known.duplicate => return Ok(Put::Known),
            Ok(stored) => return Ok(Put::Stored(stored.sequence)),
            Err(error) => error,
        };
        let code = std::error::Error::source(&error)
            .and_then(|source| source.downcast_ref::<async_nats::jetstream::Error>())
            .map(async_nats::jetstream::Error::error_code);
        match error.kind() {
            PublishErrorKind::WrongLastSequence => Ok(Put::Beaten),
            PublishErrorKind::MaxPayloadExceeded => Ok(Put::TooLarge),
            PublishErrorKind::StreamNotFound => Err(Failed { why: error.to_string(), no_stream: true }),
            _ if code == Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM) => Ok(Put::TooLarge),
            _ => Err(Failed::other(error)),
        }
    }
}

impl Failed {
    fn other(why: impl fmt::Display) -> Self {
        Self { why: why.to_string(), no_stream: false }
    }
}

/// Whether every subject that matches one pattern also matches the other.
fn covers(wide: &str, narrow: &str) -> bool {
    let (mut wide, mut narrow) = (wide.split('.'), narrow.split('.'));
    loop {
        match (wide.next(), narrow.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

/// The cell whose block a message is: `{dna}.{agent}`. Another cell under the same name is another chain.
const CELL: &str = "Ham-Cell";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_may_take_more() {
        for (wide, narrow, covered) in [
            ("ham.*.block", "ham.*.block", true),
            ("ham.>", "ham.*.event.*", true),
            (">", "ham.*.gap", true),
            ("ham.*.*", "ham.*.gap", true),
            ("ham.*.*", "ham.*.event.*", false),
            ("ham.shop.gap", "ham.*.gap", false),
            ("ham.*", "ham.>", false),
        ] {
            assert_eq!(covers(wide, narrow), covered, "{wide} {narrow}");
        }
    }
}
