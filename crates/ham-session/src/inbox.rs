//! Where messages go that answer nothing.

use std::task::Waker;

use crate::link::Link;
use crate::protocol::Protocol;

/// Takes what the peer sends unasked. One value serves all links of a persistent connection.
///
/// Messages of one link are delivered one after the other, in the order they arrived. It can be called for a link before
/// [`dial`](crate::dial()) has returned that link, because the messages of `on_live` can be answered at once.
pub trait Inbox<P: Protocol>: Send + Sync + 'static {
    /// Takes one message. Called by the task that reads the socket: it must not block, and whatever it queues must
    /// be bounded, or one slow consumer stops every answer of this link. Replies go out with [`Link::try_send`].
    fn deliver(&self, link: &Link<P>, incoming: Incoming<P>);

    /// Whether to go on reading the socket: asked before the first message and after each delivered one. Unless the answer is
    /// [`Room::Free`], `waker` must be woken once there is more room; until then whatever the peer sends waits in the socket, and the
    /// peer with it. The default is [`Room::Free`]: then the inbox must drop what it has no room for.
    fn room(&self, waker: &Waker) -> Room {
        let _ = waker;
        Room::Free
    }
}

/// How much an [`Inbox`] can take.
///
/// While nothing is read, the peer is not judged by its silence: neither a missing pong nor a missing message ends the link. It may
/// judge us: its pings are not answered then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Read on.
    Free,
    /// Read on while an answer or a pong is awaited, and take what comes before it; and while the peer does not read what we write,
    /// because it may be waiting for us to read.
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
        /// The key that the answer must carry.
        key: P::Key,
        /// The request.
        body: P::In,
    },
    /// An answer that nobody waits for: it came after the deadline, after the caller went away, or without a request.
    Orphan {
        /// The key it carries.
        key: P::Key,
        /// The answer.
        body: P::In,
    },
    /// A message arrived that could not be understood. It is gone; the link stays.
    Skipped {
        /// What was wrong with it.
        why: String,
    },
}
