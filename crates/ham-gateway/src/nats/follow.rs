//! Following a stream from another program: `ham feed serve` reads from it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::{AckKind, Context, Message};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::time::Instant;

use super::link::Link;
use super::secrets::Secrets;
use super::status::NatsStatus;
use crate::config::Nats;

/// Where following begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum From {
    /// With the messages that come from now on.
    Now,
    /// With the message of this number in the stream, or the first later one that is kept.
    Sequence(u64),
    /// At the position of the durable consumer of this name; one that is created now begins with the messages that come
    /// from now on.
    Durable(String),
}

/// Why nothing can be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// Something that the configuration names cannot be used.
    #[error("NATS cannot be used: {why}")]
    Unusable {
        /// Why.
        why: String,
    },
    /// The server was not reached, or has no such stream or consumer.
    #[error("the stream {stream} cannot be followed: {why}")]
    Refused {
        /// Which.
        stream: String,
        /// Why.
        why: String,
    },
}

/// What comes next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Followed {
    /// A message.
    Message {
        /// Its number in the stream.
        sequence: u64,
        /// What it holds.
        payload: Bytes,
    },
    /// Messages may be missing here: they fell from the stream before they were read.
    Missed,
}

/// Follows the messages of a subject in a stream, in order and each once, across losses of the connection. Dropping it
/// ends it; a durable consumer stays where it is.
pub struct Follow {
    link: Link,
    context: Context,
    stream: String,
    subject: String,
    from: From,
    messages: Option<BoxStream<'static, Result<Message, String>>>,
    /// The connection that they come over.
    times: u64,
    /// Something is missing before the next message.
    missed: bool,
    /// The number of the last message that was handed on.
    last: Option<u64>,
    /// A message of a durable consumer that was handed on, and counts as read when the next one is requested.
    read: Option<Message>,
}

impl Follow {
    /// Begins to follow, once the server is reached.
    ///
    /// # Errors
    /// [`FollowError`]; [`FollowError::Refused`] if the server is not reached within that time.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind except a durable consumer that may have been created.
    pub async fn start(
        nats: &Nats,
        subject: impl Into<String>,
        from: From,
        within: Duration,
    ) -> Result<Self, FollowError> {
        let unusable = |why| FollowError::Unusable { why };
        let secrets = Secrets::read(nats).map_err(unusable)?;
        let status = Arc::<NatsStatus>::default();
        let link = Link::dial(nats, secrets, "ham feed serve", WAITING, status).await.map_err(unusable)?;
        let context = ContextBuilder::new().timeout(nats.acknowledge_within).build(link.client.clone());
        let (stream, subject) = (nats.stream.clone(), subject.into());
        let mut follow = Self {
            link,
            context,
            stream,
            subject,
            from,
            messages: None,
            times: 0,
            missed: false,
            last: None,
            read: None,
        };
        let refused =
            |follow: &Self, why: String| FollowError::Refused { stream: follow.stream.clone(), why };
        let reached = tokio::time::timeout_at(Instant::now() + within, follow.link.connected()).await;
        if reached.is_err() {
            return Err(refused(&follow, "no server answers".to_owned()));
        }
        follow.times = follow.link.times();
        match follow.open().await {
            Ok((messages, missed)) => (follow.messages, follow.missed) = (Some(messages), missed),
            Err(why) => return Err(refused(&follow, why)),
        }
        Ok(follow)
    }

    /// The next message; waits while the server is away. With a durable consumer, the message handed on before now
    /// counts as read.
    ///
    /// # Cancel safety
    /// Cancel-safe: no message is lost.
    pub async fn next(&mut self) -> Followed {
        loop {
            if let Some(read) = &self.read {
                // Unless this is confirmed, the message comes again, and is recognised by its number.
                let _ = read.ack_with(AckKind::Ack).await;
                self.read = None;
            }
            if std::mem::take(&mut self.missed) {
                return Followed::Missed;
            }
            let Some(messages) = &mut self.messages else {
                self.link.connected().await;
                self.times = self.link.times();
                match self.open().await {
                    Ok((messages, missed)) => (self.messages, self.missed) = (Some(messages), missed),
                    Err(why) => {
                        tracing::debug!(why, "the stream cannot be followed; it is tried again");
                        tokio::time::sleep_until(Instant::now() + AGAIN).await;
                    }
                }
                continue;
            };
            // The connection first: on a new one nobody answers requests made on the old one.
            let message = tokio::select! {
                biased;
                () = self.link.is_another_than(self.times) => None,
                message = messages.next() => message,
            };
            let message = match message {
                Some(Ok(message)) => message,
                Some(Err(why)) => {
                    tracing::debug!(why, "following ended; it starts again");
                    self.messages = None;
                    tokio::time::sleep_until(Instant::now() + AGAIN).await;
                    continue;
                }
                None => {
                    self.messages = None;
                    continue;
                }
            };
            let Ok(sequence) = message.info().map(|info| info.stream_sequence) else { continue };
            let payload = message.payload.clone();
            if matches!(self.from, From::Durable(_)) {
                self.read = Some(message);
            }
            if self.last.is_none_or(|last| sequence > last) {
                self.last = Some(sequence);
                return Followed::Message { sequence, payload };
            }
        }
    }

    /// The messages from the current position on, and whether some of them are gone.
    async fn open(&self) -> Result<(BoxStream<'static, Result<Message, String>>, bool), String> {
        let stream = self.context.get_stream(&self.stream).await.map_err(|error| error.to_string())?;
        let first = stream.cached_info().state.first_sequence;
        if let From::Durable(name) = &self.from {
            let config = pull::Config {
                durable_name: Some(name.clone()),
                filter_subject: self.subject.clone(),
                ack_policy: AckPolicy::Explicit,
                deliver_policy: DeliverPolicy::New,
                // One at a time: later messages would overtake one that is redelivered.
                max_ack_pending: 1,
                ack_wait: AGAIN_WITHIN,
                ..pull::Config::default()
            };
            let consumer =
                stream.get_or_create_consumer(name, config).await.map_err(|error| error.to_string())?;
            let read = consumer.cached_info().ack_floor.stream_sequence;
            let messages = consumer.messages().await.map_err(|error| error.to_string())?;
            let messages = messages.map(|message| message.map_err(|error| error.to_string())).boxed();
            return Ok((messages, read > 0 && first > read + 1));
        }
        let wanted = self.last.map(|last| last + 1).or(match self.from {
            From::Sequence(from) => Some(from),
            _ => None,
        });
        let config = pull::OrderedConfig {
            filter_subject: self.subject.clone(),
            deliver_policy: match wanted {
                Some(start_sequence) => {
                    DeliverPolicy::ByStartSequence { start_sequence: start_sequence.max(1) }
                }
                None => DeliverPolicy::New,
            },
            ..pull::OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| error.to_string())?;
        let messages = consumer.messages().await.map_err(|error| error.to_string())?;
        let messages = messages.map(|message| message.map_err(|error| error.to_string())).boxed();
        Ok((messages, wanted.is_some_and(|wanted| first > wanted.max(1))))
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("stream", &self.stream)
            .field("subject", &self.subject)
            .field("from", &self.from)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

/// After how long a message that was handed on before a crash is delivered again.
const AGAIN_WITHIN: Duration = Duration::from_secs(5);
/// More than the server sends without another request.
const WAITING: usize = 1_024;
const AGAIN: Duration = Duration::from_secs(1);
