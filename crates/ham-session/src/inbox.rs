//! Where messages go that answer nothing.

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
