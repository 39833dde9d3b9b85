//! How a delivery ends.

use std::sync::Arc;

use ham_session::LinkEnd;
use holochain_zome_types::prelude::ExternIO;

use crate::error::CallError;
use crate::wire::{BadAnswer, Refusal, Verdict};

/// What the request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// The call itself.
    Call,
    /// A fence for it: the same nonce.
    Fence,
    /// A readiness probe, which is refused before the nonce.
    Probe,
}

/// What came back.
pub(crate) enum Delivered {
    Output(ExternIO),
    Refused {
        refusal: Refusal,
        verdict: Verdict,
        /// Another send of these bytes may run: an earlier one that was lost, or a clone's.
        open: bool,
    },
    Unreadable(BadAnswer),
}

/// Why nothing came back.
pub(crate) struct Undelivered {
    /// The cause, as it stands for bytes that never left.
    pub(crate) cause: CallError,
    /// How the link that carried the last send ended.
    pub(crate) lost_on: Option<Arc<LinkEnd>>,
    /// Whether a send may run, from any holder.
    pub(crate) open: bool,
}
