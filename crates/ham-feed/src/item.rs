//! What a subscription yields.

use ham_session::GapCause;
use tokio::time::Instant;

use crate::data::Data;

/// An item of a subscription.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FeedItem {
    /// A block was added.
    Block {
        /// Its chain.
        chain_name: String,
        /// The block, as the server wrote it.
        data: Data,
    },
    /// The server refused something or could not do it, while the subscription was active.
    Error {
        /// In its words.
        message: String,
    },
    /// An event was added.
    Event {
        /// Its chain.
        chain_name: String,
        /// Its type, from the message or its data.
        event_type: Option<String>,
        /// The event, as the server wrote it.
        data: Data,
    },
    /// Items may be missing here: read the state they describe again.
    Gap {
        /// Why.
        cause: GapCause,
        /// When it was noticed.
        since: Instant,
    },
    /// The height of the next block does not follow that of the previous one: blocks are missing between them, or one is repeated, or
    /// the chain went back. Comes before that block. After a [`Gap`](Self::Gap), which already says that something may be missing,
    /// heights are tracked afresh.
    OutOfStep {
        /// The chain.
        chain_name: String,
        /// The height of the previous block.
        after: u64,
        /// The height of the next block.
        height: u64,
    },
    /// The state of a chain: the whole message.
    Status(Data),
    /// A message that this version does not know: the whole message.
    Unknown(Data),
}

impl FeedItem {
    /// Roughly what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let held = match self {
            Self::Block { chain_name, data } => chain_name.len() + data.text().len(),
            Self::Error { message } => message.len(),
            Self::Event { chain_name, event_type, data } => {
                chain_name.len() + event_type.as_ref().map_or(0, String::len) + data.text().len()
            }
            Self::Gap { cause, .. } => cause.held(),
            Self::OutOfStep { chain_name, .. } => chain_name.len(),
            Self::Status(message) | Self::Unknown(message) => message.text().len(),
        };
        size_of::<Self>() + held
    }

    pub(crate) fn gap(cause: GapCause) -> Self {
        Self::Gap { cause, since: Instant::now() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_size_is_that_in_memory() {
        let item = |data| FeedItem::Block { chain_name: "chain".to_owned(), data }.bytes();
        let empty = item(Data::default());
        assert!(item(json!("x".repeat(1000)).into()) - empty >= 998);
    }
}
