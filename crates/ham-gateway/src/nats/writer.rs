//! Writes to the stream until it succeeds, whatever happens in between.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::link::Link;
use super::status::NatsStatus;
use super::stream::{Failed, Kept, Message, Put, Stream};

/// Writes one message at a time. Each is written after the last one of its subject, by number, so a message that is
/// sent twice, or by two gateways, is stored once, however long it took.
#[derive(Debug)]
pub(super) struct Writer {
    link: Link,
    stream: Stream,
    status: Arc<NatsStatus>,
    /// The number of the last message, by subject, as far as it is known.
    lasts: HashMap<String, u64>,
    /// Whether the stream was found since it was last missing.
    found: bool,
    pause: Duration,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is there, under this number.
    Stored(u64),
    /// It was there already.
    Known,
    TooLarge,
    /// Somebody else wrote after the message with this number, or that message is gone.
    Beaten {
        behind: u64,
    },
}

impl Writer {
    pub(super) fn new(link: Link, stream: Stream, status: Arc<NatsStatus>) -> Self {
        Self { link, stream, status, lasts: HashMap::new(), found: false, pause: FIRST_PAUSE }
    }

    /// Writes it, once, after whatever is the last message of its subject. Nobody else may write messages with its id.
    pub(super) async fn write(&mut self, subject: &str, message: &Message) -> Written {
        let last = match self.lasts.remove(subject) {
            Some(last) => last,
            None => self.last(subject).await.map_or(0, |kept| kept.sequence),
        };
        let written = self.write_behind(subject, message, last).await;
        if let Written::Stored(number) = written {
            if self.lasts.len() >= MOST_SUBJECTS {
                self.lasts.clear();
            }
            self.lasts.insert(subject.to_owned(), number);
        }
        written
    }

    /// Writes it, once, if the message with this number is the last one of its subject; 0 is before the first. The
    /// number stays the same however often the message is sent, so it is stored once.
    pub(super) async fn write_behind(&mut self, subject: &str, message: &Message, last: u64) -> Written {
        loop {
            self.ready().await;
            let put = match self.stream.put(subject, message, last).await {
                Ok(put) => put,
                // It may be there: then the next attempt is a duplicate, or finds another last message.
                Err(failed) => {
                    self.failed(failed).await;
                    continue;
                }
            };
            self.pause = FIRST_PAUSE;
            return match put {
                Put::Stored(number) => {
                    self.status.published(message.kind);
                    Written::Stored(number)
                }
                Put::Known => Written::Known,
                Put::TooLarge => Written::TooLarge,
                Put::Beaten => Written::Beaten { behind: last },
            };
        }
    }

    /// Whether the stream has a message with this id after this number.
    pub(super) async fn has(&mut self, subject: &str, id: &str, behind: u64) -> bool {
        let mut behind = behind;
        loop {
            self.ready().await;
            match self.stream.next(subject, behind).await {
                Ok(Some(kept)) if kept.id.as_deref() == Some(id) => return true,
                Ok(Some(kept)) => behind = kept.sequence,
                Ok(None) => return false,
                Err(failed) => self.failed(failed).await,
            }
        }
    }

    /// The last message of a subject.
    pub(super) async fn last(&mut self, subject: &str) -> Option<Kept> {
        loop {
            self.ready().await;
            match self.stream.last(subject).await {
                Ok(kept) => return kept,
                Err(failed) => self.failed(failed).await,
            }
        }
    }

    /// Whether anything that was in the stream is gone.
    pub(super) async fn is_trimmed(&mut self) -> bool {
        loop {
            self.ready().await;
            match self.stream.is_trimmed().await {
                Ok(trimmed) => return trimmed,
                Err(failed) => self.failed(failed).await,
            }
        }
    }

    /// Resolves once the server is reached and has the stream.
    async fn ready(&mut self) {
        self.link.connected().await;
        while !self.found {
            match self.stream.ensure().await {
                Ok(()) => self.found = true,
                Err(failed) => self.failed(failed).await,
            }
            self.link.connected().await;
        }
    }

    /// Reports the failure, and waits.
    async fn failed(&mut self, failed: Failed) {
        self.found &= !failed.no_stream;
        self.status.failed(&failed.why);
        tokio::time::sleep_until(Instant::now() + self.pause).await;
        self.pause = (self.pause * 2).min(LAST_PAUSE);
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// Subjects whose last message is remembered: the hApp chooses the types of events.
const MOST_SUBJECTS: usize = 1_024;
