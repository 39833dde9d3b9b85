//! One call: how it is made, what it is once it is signed, and what is told of one that is lost.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{AgentPubKey, ExternIO, Signature, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cell::CallTarget;
use crate::conductor::Request;
use crate::config::DEFAULT_REPEATS;
use crate::error::{CallError, Outcome};

/// What happens to a call whose link dies under it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallPolicy {
    /// It fails at once, with [`Outcome::Unknown`] if it was sent.
    FailFast,
    /// The same signed bytes are sent on the next link. The conductor runs them at most once.
    #[default]
    Resume,
    /// The caller declares the call idempotent: it is signed anew and may run up to `times` + 1 times.
    Repeat {
        /// How often it is signed anew.
        times: u32,
    },
}

impl CallPolicy {
    /// [`Repeat`](Self::Repeat) with [`DEFAULT_REPEATS`].
    pub const IDEMPOTENT: Self = Self::Repeat { times: DEFAULT_REPEATS };
}

/// How one call is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOptions {
    /// How long it may take, waiting, signing, sending and resuming included; `None` for the connection's default.
    pub deadline: Option<Duration>,
    /// What happens when the link dies under it.
    pub policy: CallPolicy,
}

impl CallOptions {
    /// How long the call may take in all.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// What happens when the link dies under the call.
    #[must_use]
    pub fn with_policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }
}

/// A call that is signed and not yet settled. It can be written to a journal before it is sent and sent again, by this
/// process or a later one, until it expires: the conductor runs it at most once.
///
/// Holds the capability secret where client keys sign: keep a journal as private as the keys. `Debug` shows neither.
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
    /// Whether these bytes may have been sent. One that was read from a journal may have been, by the process that
    /// wrote it.
    #[serde(skip, default = "may_have_been_sent")]
    pub(crate) sent: Arc<AtomicBool>,
}

fn may_have_been_sent() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(true))
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

    /// When the nonce expires, by the conductor's clock: the call cannot start after it.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    pub(crate) fn label(&self) -> String {
        format!("{}/{}/{}", self.target, self.zome, self.function)
    }

    pub(crate) fn request(&self) -> Result<Request, CallError> {
        Request::call_zome(&self.bytes, &self.signature).map_err(CallError::Encode)
    }
}

impl fmt::Debug for SignedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCall")
            .field("target", &format_args!("{}", self.target))
            .field("zome", &self.zome)
            .field("function", &self.function)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A call that ended without an answer, for the hook that reconciles it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UnknownCall {
    /// The call, which can be resumed or fenced while it lives.
    pub call: SignedCall,
    /// What is known.
    pub outcome: Outcome,
    /// Why no more is.
    pub error: CallError,
}

/// Called once for every call that ends as [`Outcome::Unknown`] or [`Outcome::Arrived`]. Must not block.
pub type OnUnknown = Arc<dyn Fn(&UnknownCall) + Send + Sync>;

/// What is to be called.
pub(crate) struct CallPlan {
    pub(crate) target: CallTarget,
    pub(crate) zome: String,
    pub(crate) function: String,
    pub(crate) payload: ExternIO,
}

#[cfg(test)]
mod tests;
