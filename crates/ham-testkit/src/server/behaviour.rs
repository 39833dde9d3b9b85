//! How a server treats one connection.

use std::fmt;
use std::sync::Arc;

use super::message::Message;

/// How a server treats one connection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Behaviour {
    /// Upgrades and answers every message with what the function returns for it: none, one, or several, in order.
    Answer(Answering),
    /// Upgrades, echoes `messages` messages, then closes with the close code.
    CloseAfter {
        /// Messages echoed first.
        messages: u64,
        /// The code of the close frame.
        code: u16,
    },
    /// Upgrades and stops reading: nothing is answered, not even pings, and the socket stays open.
    Deaf,
    /// Upgrades and hands the connection to the test: [`Server::next_peer`](super::Server::next_peer).
    Driven,
    /// Upgrades, echoes `messages` messages, then drops the socket without a close frame.
    DropAfter {
        /// Messages echoed first.
        messages: u64,
    },
    /// Upgrades and sends every message back.
    Echo,
    /// Accepts the TCP connection and never answers the upgrade request.
    NeverUpgrade,
    /// Answers the upgrade with this HTTP status instead of 101 and closes.
    RefuseUpgrade {
        /// The status; one outside 100 to 999 counts as 500.
        status: u16,
    },
    /// Upgrades, and answers nothing but pings.
    Silent,
}

impl Behaviour {
    /// [`Behaviour::Answer`] from a function.
    #[must_use]
    pub fn answer<F, I>(answer: F) -> Self
    where
        F: Fn(Message) -> I + Send + Sync + 'static,
        I: IntoIterator<Item = Message>,
    {
        Self::Answer(Answering(Arc::new(move |message| answer(message).into_iter().collect())))
    }
}

/// The function of [`Behaviour::Answer`].
#[derive(Clone)]
pub struct Answering(Arc<dyn Fn(Message) -> Vec<Message> + Send + Sync>);

impl Answering {
    pub(super) fn answers(&self, message: Message) -> Vec<Message> {
        (self.0)(message)
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answering(..)")
    }
}
