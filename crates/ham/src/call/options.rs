//! One call: how it is made, and what is reported about one that is lost.

use std::sync::Arc;
use std::time::Duration;

use holochain_zome_types::prelude::ExternIO;

use super::signed::SignedCall;
use super::target::CallTarget;
use crate::error::{CallError, Outcome};

/// How long a call may take, including waiting and resuming, unless the caller says otherwise.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(120);
/// How much longer a nonce lives than its call's deadline, to allow for clocks that disagree.
pub const DEFAULT_SKEW_MARGIN: Duration = Duration::from_secs(60);
/// The longest a nonce may live. Conductors refuse more than 50 minutes by *their* clock (`holochain_data` 0.7.1), so a minute is
/// left for a conductor whose clock is slow.
pub const MAX_NONCE_LIFE: Duration = Duration::from_secs(49 * 60);
/// The shortest life of a nonce. A shorter one would expire before its call is sent, again and again.
pub const MIN_NONCE_LIFE: Duration = Duration::from_secs(1);
/// How many times a `Repeat` call is signed again.
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
    /// The caller declares the call idempotent: it is signed again and may run up to `times` + 1 times.
    Repeat {
        /// How often it is signed again.
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
    /// How long it may take, including waiting, signing, sending and resuming; `None` for the connection's default.
    pub deadline: Option<Duration>,
    /// What happens when the link dies under it.
    pub policy: CallPolicy,
    /// How long its nonce lives, by our clock, from [`MIN_NONCE_LIFE`] to [`MAX_NONCE_LIFE`]; `None` for the deadline plus the skew
    /// margin. With a longer life, a lost call can be fenced after a longer outage.
    pub nonce_life: Option<Duration>,
    /// How long it may be sent; `None` for until its deadline. After that nothing more is sent, and only the answer to what was sent is awaited.
    pub resume_for: Option<Duration>,
    /// Whether the function only reads. Such a call does not wait for calls to the same cell that may write to its chain.
    pub read_only: bool,
}

impl CallOptions {
    /// How long the call may take in all.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long the call's nonce lives.
    #[must_use]
    pub fn with_nonce_life(mut self, life: Duration) -> Self {
        self.nonce_life = Some(life);
        self
    }

    /// How long the call may be sent, the first time and on later links; its answer is awaited until the deadline. This is for a
    /// caller that stops waiting before then, on whose behalf nothing more may be sent.
    #[must_use]
    pub fn with_resume_for(mut self, wait: Duration) -> Self {
        self.resume_for = Some(wait);
        self
    }

    /// Declares that the function only reads: the call is sent alongside other calls to its cell.
    ///
    /// A function that writes after all can fork the cell's source chain if other calls write at the same time with relaxed ordering;
    /// with strict ordering one of the calls is refused.
    #[must_use]
    pub fn with_read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// What happens when the link dies under the call.
    #[must_use]
    pub fn with_policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }
}

/// A signed call that ended without an answer, or was answered with an error after an earlier round was lost: the argument of the
/// hook that reconciles it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UnknownCall {
    /// The call; it can be resumed or fenced until it expires.
    pub call: SignedCall,
    /// What is known about this signed call alone.
    pub outcome: Outcome,
    /// Why no more is known.
    pub error: CallError,
}

/// Called once for every signed call that ends as [`Outcome::Unknown`] or [`Outcome::Arrived`]. With [`CallPolicy::Repeat`] that is
/// once for each round that is lost, when it is lost, whatever becomes of later ones; and also for a later round that was
/// [answered](Outcome::Answered) with an error and may have written. Must not block; if it panics, the panic is logged and the caller
/// still gets the outcome.
pub type OnUnknown = Arc<dyn Fn(&UnknownCall) + Send + Sync>;

/// What to call.
pub(crate) struct CallPlan {
    pub(crate) target: CallTarget,
    pub(crate) zome: String,
    pub(crate) function: String,
    pub(crate) payload: ExternIO,
}
