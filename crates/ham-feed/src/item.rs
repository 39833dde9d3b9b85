//! What a subscription yields.

use serde_json::Value;
use tokio::time::Instant;

/// An item of a subscription.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FeedItem {
    /// A block was added.
    Block {
        /// Its chain.
        chain_name: String,
        /// It, as the server wrote it.
        data: Value,
    },
    /// The server refused or could not do something, while the subscription was on.
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
        /// It, as the server wrote it.
        data: Value,
    },
    /// Items may be missing here: read the state they describe again.
    Gap {
        /// Why.
        cause: GapCause,
        /// When it was noticed.
        since: Instant,
    },
    /// The state of a chain, the message whole.
    Status(Value),
    /// A message this version does not know, whole.
    Unknown(Value),
}

/// Why items may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapCause {
    /// A message could not be understood.
    BadFrame(String),
    /// This reader was slower than the feed; so many items were dropped for it.
    Lagged(u64),
    /// The link was down; the server keeps nothing for us.
    LinkLost,
}

impl FeedItem {
    pub(crate) fn gap(cause: GapCause) -> Self {
        Self::Gap { cause, since: Instant::now() }
    }
}
