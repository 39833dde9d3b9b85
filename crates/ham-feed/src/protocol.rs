//! The feed as a protocol of the session layer. The wire has no ids: an answer is recognised by its kind.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Keepalive, Protocol};

use crate::events;
use crate::message::{Dialect, Message, Request, decode_message};
use crate::resume::Resume;
use crate::topic::Topic;

/// How long to wait for a server's greeting before it counts as one that does not greet, which means the documented dialect. A later
/// greeting is still understood: the link is dialled again in its dialect.
pub const DETECT_AFTER: Duration = Duration::from_millis(500);

/// The links of one subscription.
#[derive(Debug)]
pub(crate) struct FeedProtocol {
    topic: Topic,
    configured: Option<Dialect>,
    /// What the last link spoke, or what a late greeting revealed.
    spoken: Mutex<Option<Dialect>>,
    resume: Arc<Resume>,
}

/// By what an answer is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    ConnectionInfo,
    Ping,
    Stats,
    Subscribe,
    Unsubscribe,
}

impl FeedProtocol {
    pub(crate) fn new(topic: Topic, configured: Option<Dialect>, resume: Arc<Resume>) -> Self {
        Self { topic, configured, spoken: Mutex::new(configured), resume }
    }

    /// The dialect of the newest link.
    fn dialect(&self) -> Dialect {
        self.known().unwrap_or(Dialect::Documented)
    }

    fn learn(&self, dialect: Dialect) {
        *self.spoken.lock().unwrap_or_else(PoisonError::into_inner) = Some(dialect);
    }

    fn known(&self) -> Option<Dialect> {
        *self.spoken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Protocol for FeedProtocol {
    type Key = Slot;
    type Out = Request;
    type In = Message;
    type Welcome = Dialect;

    /// The dialect of `hierachain` begins with a greeting.
    async fn handshake(&self, io: &mut HandshakeIo<'_>) -> Result<Dialect, HandshakeError> {
        let dialect = match self.known() {
            Some(Dialect::HieraChain02) => {
                greeting(io.recv().await?)?;
                Dialect::HieraChain02
            }
            Some(Dialect::Documented) => Dialect::Documented,
            None => match tokio::time::timeout(DETECT_AFTER, io.recv()).await {
                Ok(frame) => {
                    greeting(frame?)?;
                    Dialect::HieraChain02
                }
                Err(_) => Dialect::Documented,
            },
        };
        if self.known() != Some(dialect) {
            tracing::info!(event = events::DIALECT, ?dialect);
        }
        self.learn(dialect);
        Ok(dialect)
    }

    fn key_of(&self, out: &Request) -> Option<Slot> {
        Some(match out {
            Request::ConnectionInfo => Slot::ConnectionInfo,
            Request::Ping => Slot::Ping,
            Request::Stats => Slot::Stats,
            Request::Subscribe { .. } => Slot::Subscribe,
            Request::Unsubscribe { .. } => Slot::Unsubscribe,
        })
    }

    fn encode(&self, out: Request) -> Result<Frame, String> {
        out.encode(self.dialect()).map(Frame::Text).map_err(|error| error.to_string())
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        let Frame::Text(text) = frame else { return Decoded::Skip("a binary frame".to_owned()) };
        let body = match decode_message(&text) {
            Ok(message) => message,
            Err(error) => return Decoded::Skip(error.to_string()),
        };
        let key = match &body {
            Message::ConnectionInfo(_) => Slot::ConnectionInfo,
            Message::Pong { .. } => Slot::Ping,
            Message::Stats(_) => Slot::Stats,
            Message::Subscribed { .. } => Slot::Subscribe,
            Message::Unsubscribed => Slot::Unsubscribe,
            Message::Connected(_) if self.configured.is_none() && self.dialect() == Dialect::Documented => {
                self.learn(Dialect::HieraChain02);
                return Decoded::Fatal("the server greets late: dialling again in its dialect".to_owned());
            }
            _ => return Decoded::Push(body),
        };
        Decoded::Response { key, body }
    }

    fn keepalive(&self) -> Keepalive<Request> {
        Keepalive::Message(Request::Ping)
    }

    fn on_live(&self) -> Vec<Request> {
        self.topic.requests(self.dialect(), |event_type| self.resume.since(event_type))
    }
}

fn greeting(frame: Frame) -> Result<(), HandshakeError> {
    let message = match frame {
        Frame::Text(text) => decode_message(&text).ok(),
        Frame::Binary(_) => None,
    };
    match message {
        Some(Message::Connected(_)) => Ok(()),
        Some(Message::Error { message }) => Err(HandshakeError::Refused(message)),
        _ => Err(HandshakeError::Violation("the first message is not a greeting".to_owned())),
    }
}
