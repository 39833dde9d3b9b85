//! Posts: the entries of the role `ledger`.

use holo_hash::ActionHash;
use serde::{Deserialize, Serialize};

/// Input of `post` (role `ledger`) and of `call_ledger` (role `probe`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPost {
    /// Chosen by the caller.
    pub call_id: String,
    /// Zero is refused by validation.
    pub amount: u64,
}

/// One row of `list_posts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostListing {
    /// The call that wrote the post.
    pub call_id: String,
    /// The posted amount.
    pub amount: u64,
    /// The action that wrote it.
    pub action_hash: ActionHash,
}
