//! Items: the entries of the role `probe`, each of which names the call that wrote it.

use holo_hash::ActionHash;
use serde::{Deserialize, Serialize};

/// Input of `create_item`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateItem {
    /// Chosen by the caller; a test finds its own calls again by it.
    pub call_id: String,
    /// Free text. The text `invalid` is refused by validation.
    pub body: String,
}

/// Input of `create_then_fail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCall {
    /// Chosen by the caller.
    pub call_id: String,
}

/// Input of `slow_create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowCreate {
    /// Chosen by the caller.
    pub call_id: String,
    /// How long the call computes before it writes, in milliseconds; at most 10 000 are served.
    pub millis: u64,
}

/// Input of `slow_echo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowEcho {
    /// How long the call computes before it answers, in milliseconds; at most 10 000 are served.
    pub millis: u64,
    /// Returned unchanged.
    pub text: String,
}

/// One row of `list_items`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemListing {
    /// The call that wrote the item.
    pub call_id: String,
    /// The action that wrote it. Two runs of one call are two rows.
    pub action_hash: ActionHash,
}
