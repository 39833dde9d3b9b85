//! Why a fence did not settle its call.

use std::sync::Arc;
use std::time::Duration;

use ham_session::{LinkEnd, OVERLOAD_COOL_DOWN, Recovery};

use super::call::CallError;
use super::signing::SigningError;
use crate::dialect::Release;
use crate::wire::{NotRunning, Refusal};

/// Why a fence did not settle its call. It says nothing about the call, whose outcome stays as it was: fence again. The call itself
/// knows whether a fence may have used up the nonce by now:
/// [`SignedCall::may_have_been_fenced`](crate::SignedCall::may_have_been_fenced).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FenceError {
    /// No live link before the deadline.
    #[error("no link to fence the call on, after {after:.1?} ({last})")]
    NoLink {
        /// How long the caller waited.
        after: Duration,
        /// The state of the link at the end.
        last: String,
    },
    /// The links ended with the fence on them.
    #[error("the link was lost while the fence was under way: {end}")]
    LinkLost {
        /// How the last one ended.
        end: Arc<LinkEnd>,
    },
    /// No answer within the deadline.
    #[error("the fence has no answer after {after:.1?}")]
    TimedOut {
        /// How long the caller waited.
        after: Duration,
    },
    /// Too many requests wait for a place on the link.
    #[error("too many requests are waiting for the link (limit {limit}); slow down")]
    Overloaded {
        /// The bound of the queue, in requests or in bytes.
        limit: usize,
    },
    /// The fence could not be signed.
    #[error("cannot sign the fence")]
    Signing(#[from] SigningError),
    /// The called cell does not run; this answer left the nonce alone.
    #[error("the cell of `{role}` is not running: {reason}")]
    CellNotRunning {
        /// The role or clone.
        role: String,
        /// Why, in the conductor's words.
        reason: NotRunning,
    },
    /// The conductor considers the call's expiry absurd: the clocks disagree.
    #[error(
        "the conductor's clock is behind ours (it calls the nonce from the future); synchronise the clocks"
    )]
    ClockSkew,
    /// The conductor refused the fence with an error that settles nothing.
    #[error("the conductor refused the fence: {refusal}")]
    Refused {
        /// What it said.
        refusal: Refusal,
    },
    /// The conductor's release remembers only the last nonce of each key, so a fence proves nothing. None was sent to this
    /// conductor.
    #[error("Holochain {release} forgets nonces, so a fence proves nothing there; read the chain")]
    UnsafeToRepeat {
        /// The conductor's release.
        release: Release,
    },
    /// A call to `init` claims no nonce, so a fence proves nothing about it. Nothing was sent.
    #[error("a call of `init` cannot be fenced, because it claims no nonce; read the chain")]
    Init,
    /// The conductor's answer is not an answer to a fence.
    #[error("the conductor's answer is not an answer to a fence: {0}")]
    UnexpectedResponse(String),
    /// The owner closed the connection.
    #[error("the connection was closed by its owner")]
    Closed,
}

impl FenceError {
    /// What a failed delivery means for a fence.
    pub(crate) fn of(cause: CallError) -> Self {
        match cause {
            CallError::NoLink { after, last, .. } => Self::NoLink { after, last },
            CallError::TimedOut { after, .. } => Self::TimedOut { after },
            CallError::LinkLost { end, .. } => Self::LinkLost { end },
            CallError::Overloaded { limit } | CallError::OverloadedBytes { limit } => {
                Self::Overloaded { limit }
            }
            CallError::Signing(error) => Self::Signing(error),
            CallError::UnsafeToRepeat { release } => Self::UnsafeToRepeat { release },
            CallError::Closed { .. } => Self::Closed,
            other => Self::UnexpectedResponse(other.to_string()),
        }
    }

    /// What the owner can do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NoLink { .. } | Self::LinkLost { .. } => Recovery::Reconnect,
            Self::TimedOut { .. }
            | Self::Overloaded { .. }
            | Self::CellNotRunning { reason: NotRunning::NotStarted | NotRunning::AwaitingRestore, .. } => {
                Recovery::CoolDown { after: OVERLOAD_COOL_DOWN }
            }
            Self::Signing(error) => error.recovery(),
            Self::Refused { refusal } => refusal.recovery(),
            Self::CellNotRunning { .. }
            | Self::ClockSkew
            | Self::UnsafeToRepeat { .. }
            | Self::Init
            | Self::UnexpectedResponse(_) => Recovery::FixCaller,
            Self::Closed => Recovery::GiveUp,
        }
    }

    /// Whether fencing again can help.
    pub fn is_retryable(&self) -> bool {
        matches!(self.recovery(), Recovery::Reconnect | Recovery::CoolDown { .. })
    }
}
