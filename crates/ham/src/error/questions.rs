//! What every error of a call answers: what became of the call, what it left behind, and what to do.

use ham_session::{Delivery, OVERLOAD_COOL_DOWN, Recovery};

use super::call::CallError;
use super::outcome::Outcome;
use crate::wire::{Effect, NotRunning};

impl CallError {
    /// What became of the call.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::During { error, .. } => error.outcome(),
            Self::Overloaded { .. }
            | Self::AppNotInstalled { .. }
            | Self::LookUp { .. }
            | Self::OverloadedBytes { .. }
            | Self::CoolingDown { .. }
            | Self::Signing(_)
            | Self::UnknownRole { .. }
            | Self::Encode(_)
            | Self::TooLarge { .. }
            | Self::NotInRelease { .. }
            | Self::ExpiredUnsent
            | Self::Fenced
            | Self::ClockSkew { .. } => Outcome::NotRun,
            Self::NoLink { sent, .. }
            | Self::LinkLost { sent, .. }
            | Self::TimedOut { sent, .. }
            | Self::Closed { sent } => {
                if *sent {
                    Outcome::Unknown
                } else {
                    Outcome::NotRun
                }
            }
            Self::CellNotRunning { sent_before, .. } => {
                if *sent_before {
                    Outcome::Unknown
                } else {
                    Outcome::NotRun
                }
            }
            Self::Expired
            | Self::Ambiguous { .. }
            | Self::UnsafeToRepeat { .. }
            | Self::EmptyAnswer
            | Self::UnexpectedResponse(_) => Outcome::Unknown,
            Self::Arrived { not_started_after } => Outcome::Arrived { not_started_after: *not_started_after },
            Self::Refused { unsettled, .. } => {
                if *unsettled {
                    Outcome::Unknown
                } else {
                    Outcome::Answered
                }
            }
            Self::Decode(_) => Outcome::Answered,
        }
    }

    /// Whether the call may have reached the conductor: the session's view of [`outcome`](Self::outcome).
    pub fn delivery(&self) -> Delivery {
        match self.inner() {
            // The conductor answered these, although the call did not run.
            Self::ClockSkew { .. }
            | Self::NotInRelease { .. }
            | Self::CellNotRunning { sent_before: false, .. } => Delivery::Answered,
            other => match other.outcome() {
                Outcome::NotRun => Delivery::NotSent,
                Outcome::Unknown => Delivery::Unknown,
                Outcome::Arrived { .. } | Outcome::Answered => Delivery::Answered,
            },
        }
    }

    /// What the call left on the called cell's source chain: see [`Effect`] for what is not counted.
    pub fn effect(&self) -> Effect {
        match self.inner() {
            Self::Refused { refusal, unsettled: false } => refusal.effect(),
            // It ran to its end.
            Self::Decode(_) => Effect::Unknown,
            other => match other.outcome() {
                Outcome::NotRun => Effect::Nothing,
                Outcome::Unknown | Outcome::Arrived { .. } | Outcome::Answered => Effect::Unknown,
            },
        }
    }

    /// What the owner can do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::During { error, .. } => error.recovery(),
            Self::NoLink { .. } | Self::LinkLost { .. } => Recovery::Reconnect,
            Self::TimedOut { .. } | Self::Overloaded { .. } | Self::OverloadedBytes { .. } => {
                Recovery::CoolDown { after: OVERLOAD_COOL_DOWN }
            }
            Self::CoolingDown { after } => Recovery::CoolDown { after: *after },
            Self::Signing(error) => error.recovery(),
            Self::LookUp { source } => source.recovery(),
            Self::CellNotRunning { reason: NotRunning::NotStarted | NotRunning::AwaitingRestore, .. } => {
                Recovery::CoolDown { after: OVERLOAD_COOL_DOWN }
            }
            Self::UnknownRole { .. }
            | Self::AppNotInstalled { .. }
            | Self::Encode(_)
            | Self::TooLarge { .. }
            | Self::ExpiredUnsent
            | Self::CellNotRunning { .. }
            | Self::ClockSkew { .. }
            | Self::NotInRelease { .. }
            | Self::UnsafeToRepeat { .. }
            | Self::Expired
            | Self::Ambiguous { .. }
            | Self::Fenced
            | Self::Arrived { .. }
            | Self::EmptyAnswer
            | Self::UnexpectedResponse(_)
            | Self::Decode(_) => Recovery::FixCaller,
            Self::Refused { refusal, .. } => refusal.recovery(),
            Self::Closed { .. } => Recovery::GiveUp,
        }
    }

    /// Whether trying again can help: derived from [`recovery`](Self::recovery) alone. It says nothing about whether
    /// the call ran.
    pub fn is_retryable(&self) -> bool {
        matches!(self.recovery(), Recovery::Reconnect | Recovery::CoolDown { .. })
    }
}

#[cfg(test)]
mod tests {
    use ham_session::RequestError;

    use super::*;
    use crate::error::FenceError;

    /// Case: the session advised 100 ms, and ham a second.
    #[test]
    fn an_overload_has_one_answer() {
        let limit = 1;
        let session = RequestError::Overloaded { limit }.recovery();
        assert_eq!(session, Recovery::CoolDown { after: OVERLOAD_COOL_DOWN });
        let others = [
            RequestError::OverloadedBytes { limit }.recovery(),
            CallError::Overloaded { limit }.recovery(),
            CallError::OverloadedBytes { limit }.recovery(),
            FenceError::Overloaded { limit }.recovery(),
        ];
        assert_eq!(others, [session; 4]);
    }
}
