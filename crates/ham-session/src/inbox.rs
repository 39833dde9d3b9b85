//! Where messages go that answer nothing.

use std::task::Waker;

use crate::link::Link;
use crate::protocol::Protocol;

/// Takes what the peer sends by itself. One value serves all links of a persistent connection.
///
/// Messages of one link are delivered one after the other, in the order in which they came. It can be called for a
/// link before [`dial`](crate::dial()) has returned that link, because what `on_live` asks for can be answered at once.
pub trait Inbox<P: Protocol>: Send + Sync + 'static {
    /// Takes one message. Called by the task that reads the socket: it must not block, and whatever it queues must
    /// be bounded, or one slow consumer stops every answer of this link. Replies go out with [`Link::try_send`].
    fn deliver(&self, link: &Link<P>, incoming: Incoming<P>);

    /// Whether the socket is to be read on: asked before the first message and after each one that was delivered. Where it is
    /// not [`Room::Free`], `waker` is to be woken once there is more room; until then what the peer sends waits in the socket,
    /// and the peer with it. [`Room::Free`] unless said otherwise: then the inbox has to drop what it has no room for.
    fn room(&self, waker: &Waker) -> Room {
        let _ = waker;
        Room::Free
    }
}

/// How much an [`Inbox`] takes.
///
/// While nothing is read, the peer is not judged by what it does not say: neither its pong nor its silence ends the link. It may
/// judge us: its pings are not answered then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Read on.
    Free,
    /// Read on while an answer or a pong is awaited, and take what stands before it; and while the peer does not read what we
    /// write, because it may wait for us to read.
    Tight,
    /// Read nothing, whatever is awaited.
    Full,
}

/// A message that answers no waiting request.
#[derive(Debug)]
pub enum Incoming<P: Protocol> {
    /// A message that expects no answer.
    Push(P::In),
    /// A request from the peer.
    Request {
        /// The key the answer has to carry.
        key: P::Key,
        /// What is asked.
        body: P::In,
    },
    /// An answer nobody waits for: it came after the deadline, after the caller went away, or to nothing.
    Orphan {
        /// The key it carries.
        key: P::Key,
        /// The answer.
        body: P::In,
    },
    /// A message came that could not be understood. It is gone; the link stays.
    Skipped {
        /// What was wrong with it.
        why: String,
    },
}
