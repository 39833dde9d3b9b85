//! What is submitted to the outbox, and what it answers.

use std::time::Duration;

use ham::SignedCall;

use super::call::{Call, Fingerprint};
use super::following::Following;

/// A call to be made.
#[derive(Clone)]
pub struct Submission {
    /// Its owner.
    pub api_key: String,
    /// Its owner's name for it.
    pub key: String,
    /// The app.
    pub app: String,
    /// The role, or a clone.
    pub role: String,
    /// The zome.
    pub zome: String,
    /// The function.
    pub function: String,
    /// Whether the function only reads: then it does not wait for calls that write to the same cell.
    pub read_only: bool,
    /// Whether a call that nobody waits for is made again if another call wrote to the chain meanwhile.
    pub retry_chain_moved: bool,
    /// MessagePack.
    pub payload: Vec<u8>,
    /// For how long it is sent.
    pub deliver_within: Duration,
    /// Whether nobody waits for it: then it is on disk before it is signed, and made again if it did not run.
    pub in_background: bool,
}

impl Submission {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let parts = [&self.api_key, &self.app, &self.role, &self.zome, &self.function];
        Fingerprint::of(parts.map(String::as_str), &self.payload)
    }
}

impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission")
            .field("api_key", &self.api_key)
            .field("app", &self.app)
            .field("role", &self.role)
            .field("zome", &self.zome)
            .field("function", &self.function)
            .finish_non_exhaustive()
    }
}

/// What became of a call that was submitted.
#[derive(Debug)]
pub enum Submitted {
    /// It is a new one.
    New(Following),
    /// It is already under way under the same key.
    Joined(Following),
    /// It was settled earlier, under the same key.
    Replayed(Box<Call>),
}

/// A call that was made without the outbox and lost.
#[derive(Clone, Debug)]
pub struct Lost {
    /// Its owner.
    pub api_key: String,
    /// The app.
    pub app: String,
    /// The role, or a clone.
    pub role: String,
    /// Its signed bytes.
    pub signed: SignedCall,
}
