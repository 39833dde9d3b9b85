//! What became of a call.

use holochain_zome_types::prelude::Timestamp;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did not run and will not run by itself.
    NotRun,
    /// It may have run, may be running, or may still arrive.
    Unknown,
    /// The conductor claimed its nonce: it ran, was refused, failed, or is still running. It runs at most once and
    /// cannot start after `not_started_after`.
    Arrived {
        /// When the nonce expires by the conductor's clock.
        not_started_after: Timestamp,
    },
    /// The conductor answered it. An error answer is an answer: ask [`CallError::effect`](crate::CallError::effect).
    Answered,
}

impl Outcome {
    /// Whether the call is settled: nothing about it can still change.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::NotRun | Self::Answered => true,
            Self::Unknown | Self::Arrived { .. } => false,
        }
    }
}
