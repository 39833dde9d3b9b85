//! One call: how it is made, what it is once it is signed, and what is told of one that is lost.

use std::sync::Arc;
use std::time::Duration;

use holochain_zome_types::prelude::ExternIO;

use super::signed::SignedCall;
use super::target::CallTarget;
use crate::error::{CallError, Outcome};

/// How long a call may take, waiting and resuming included, unless the caller says otherwise.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(120);
/// How many times a `Repeat` call is signed anew.
pub const DEFAULT_REPEATS: u32 = 3;

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
