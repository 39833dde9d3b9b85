//! A call once it is signed: sent, journalled, sent again and fenced.

use std::fmt;

use ham_session::masked;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{AgentPubKey, Signature, Timestamp};
use serde::{Deserialize, Serialize};

use super::send_state::{FenceState, SendState};
use super::target::CallTarget;
use crate::error::CallError;
use crate::wire::Request;

/// A call that is signed and not yet settled. It can be written to a journal before it is sent and sent again, by this
/// process or a later one, until it expires: the conductor runs it at most once.
///
/// All clones know what was sent and fenced on its behalf. A journal keeps what is known about fences.
///
/// Holds the capability secret if client keys sign: keep a journal as private as the keys. `Debug` shows neither.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignedCall {
    pub(crate) target: CallTarget,
    pub(crate) cell_id: CellId,
    pub(crate) zome: String,
    pub(crate) function: String,
    pub(crate) provenance: AgentPubKey,
    #[serde(with = "serde_bytes")]
    pub(crate) nonce: [u8; 32],
    pub(crate) expires_at: Timestamp,
    #[serde(with = "serde_bytes")]
    pub(crate) bytes: Vec<u8>,
    pub(crate) signature: Signature,
    /// What may have left on its behalf: `traces` in journals. Those of an earlier version lack it.
    #[serde(rename = "traces", default = "SendState::of_an_earlier_version")]
    pub(crate) send_state: SendState,
}

impl SignedCall {
    /// The role, clone or cell it was addressed to.
    pub fn target(&self) -> &CallTarget {
        &self.target
    }

    /// The called cell.
    pub fn cell_id(&self) -> &CellId {
        &self.cell_id
    }

    /// The called zome and function.
    pub fn function(&self) -> (&str, &str) {
        (&self.zome, &self.function)
    }

    /// When the nonce expires, by the conductor's clock: the call cannot start after that.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether any byte of it may have left: through this handle, through a clone of it, or, if it was read from a journal, through
    /// the process that wrote the journal.
    pub fn may_have_been_sent(&self) -> bool {
        self.send_state.may_have_left()
    }

    /// Notes that a fence may leave on its behalf. [`PersistentHam::fence`](crate::PersistentHam::fence) does this itself; a service
    /// that keeps calls in a journal calls this first and writes the call to the journal again, so that a process that reads it after
    /// a crash knows that the fence may have used the nonce.
    pub fn begin_fence(&self) {
        self.send_state.announce_fence();
    }

    /// Whether a fence may have used up its nonce: if so, a used-up nonce does not tell whether the fence or the call used it.
    pub fn may_have_been_fenced(&self) -> bool {
        self.send_state.fence() != FenceState::None
    }

    /// Whether a fence has proven that it never ran and never will.
    pub fn is_fenced(&self) -> bool {
        self.send_state.fence() == FenceState::NeverRan
    }

    pub(crate) fn label(&self) -> String {
        format!("{}/{}/{}", self.target.told(), masked(&self.zome), masked(&self.function))
    }

    pub(crate) fn request(&self) -> Result<Request, CallError> {
        Request::call_zome(&self.bytes, &self.signature).map_err(CallError::Encode)
    }
}

impl fmt::Debug for SignedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCall")
            .field("call", &format_args!("{}", self.label()))
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
