//! How a delivery ends.

use std::sync::Arc;

use ham_session::LinkEnd;
use holochain_zome_types::prelude::ExternIO;

use crate::error::CallError;
use crate::wire::{BadAnswer, Refusal, Verdict};

/// What the bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// The call itself.
    Call,
    /// A fence of it: the same nonce.
    Fence,
    /// A question that is refused before the nonce.
    Probe,
}

/// What came back.
pub(crate) enum Delivered {
    Output(ExternIO),
    Refused {
        refusal: Refusal,
        verdict: Verdict,
        /// Another sending of these bytes may run: an earlier one that was lost, or a clone's.
        open: bool,
    },
    Unreadable(BadAnswer),
}

/// Why nothing came back.
pub(crate) struct Undelivered {
    /// The cause, as of bytes that never left.
    pub(crate) cause: CallError,
    /// How the link ended that carried the last sending.
    pub(crate) lost_on: Option<Arc<LinkEnd>>,
    /// Whether a sending may run, by whomever.
    pub(crate) open: bool,
}
