//! The table: what is said about a call that ended with an error.

use std::time::Duration;

use ham::{CallError, Effect, NotRunning, Outcome, Recovery, RefusalCause, RefusalKind, SigningError};
use holochain_zome_types::prelude::Timestamp;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::retry::Retry;

/// What becomes of the call's idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyFate {
    /// It is free: the next request with it is run.
    Released,
    /// It belongs to this call, which is not settled yet.
    Held,
    /// It belongs to this call, and a repeat is answered with what is known about it.
    Kept,
}

/// The four outcomes, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeWord {
    /// It did not run, and by itself never will.
    NotRun,
    /// It may have run.
    Unknown,
    /// It arrived, runs at most once, and its answer is lost.
    Arrived,
    /// It was answered.
    Answered,
}

impl OutcomeWord {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::NotRun => "not_run",
            Self::Unknown => "unknown",
            Self::Arrived => "arrived",
            Self::Answered => "answered",
        }
    }
}

impl From<Outcome> for OutcomeWord {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::NotRun => Self::NotRun,
            Outcome::Unknown => Self::Unknown,
            Outcome::Arrived { .. } => Self::Arrived,
            Outcome::Answered => Self::Answered,
        }
    }
}

/// What is said about a call that ended with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The problem, which determines the status.
    pub kind: Kind,
    /// What became of the call.
    pub outcome: OutcomeWord,
    /// What it left on the called cell's chain.
    pub effect: Effect,
    /// Whether nothing about it can still change.
    pub settled: bool,
    /// What a client can do.
    pub retry: Retry,
    /// How long to wait before that.
    pub retry_after: Option<Duration>,
    /// What becomes of its key.
    pub key: KeyFate,
    /// After this it can no longer start.
    pub not_started_after: Option<Timestamp>,
}

impl Told {
    /// What is said about a call that ended with this error.
    #[must_use]
    pub fn of(error: &CallError) -> Self {
        let error = error.inner();
        let (kind, retry, retry_after) = match error {
            CallError::NoLink { sent: false, .. } => (Kind::ConductorUnreachable, Retry::Same, Some(LINK)),
            CallError::LinkLost { sent: false, .. } | CallError::TimedOut { sent: false, .. } => {
                (Kind::NotSent, Retry::Same, Some(SOON))
            }
            CallError::ExpiredUnsent => (Kind::NotSent, Retry::Same, Some(SOON)),
            CallError::Fenced => (Kind::NotRun, Retry::Same, Some(SOON)),
            CallError::AppNotInstalled { .. } => (Kind::CellNotRunning, Retry::Operator, None),
            CallError::Overloaded { .. } | CallError::OverloadedBytes { .. } => {
                (Kind::Overloaded, Retry::Same, Some(SOON))
            }
            CallError::CoolingDown { after } => (Kind::CellCoolingDown, Retry::Same, Some(*after)),
            CallError::CellNotRunning { sent_before: false, reason, .. } => not_running(reason),
            CallError::Signing(error) => signing(error),
            CallError::LookUp { .. } if error.is_retryable() => (Kind::NotSent, Retry::Same, Some(SOON)),
            CallError::LookUp { .. } => (Kind::NotSent, Retry::Operator, None),
            CallError::ClockSkew { .. } => (Kind::ClockSkew, Retry::Operator, None),
            CallError::Encode(_) => (Kind::Internal, Retry::Operator, None),
            CallError::NotInRelease { .. } => (Kind::ConductorVersion, Retry::Operator, None),
            CallError::Closed { sent: false } => (Kind::ShuttingDown, Retry::Same, Some(RESTART)),
            CallError::UnknownRole { .. } => (Kind::RoleNotFound, Retry::Fix, None),
            CallError::TooLarge { .. } => (Kind::PayloadTooLarge, Retry::Fix, None),
            CallError::Expired | CallError::Ambiguous { .. } | CallError::UnsafeToRepeat { .. } => {
                (Kind::OutcomeUnknown, Retry::Reconcile, None)
            }
            CallError::Arrived { .. } => (Kind::AnswerLost, Retry::Reconcile, None),
            CallError::Refused { refusal, unsettled: false } => {
                refused(refusal.kind(), refusal.cause(), error.effect())
            }
            // A new kind of error is still described truthfully.
            other => match (other.outcome(), other.effect()) {
                (Outcome::NotRun, _) => (Kind::NotRun, Retry::Operator, None),
                (Outcome::Unknown, _) => (Kind::OutcomeUnknown, Retry::Wait, Some(SETTLING)),
                (Outcome::Arrived { .. }, _) => (Kind::AnswerLost, Retry::Reconcile, None),
                (Outcome::Answered, Effect::Nothing) => (Kind::ZomeError, Retry::NewKey, None),
                (Outcome::Answered, Effect::Unknown) => (Kind::ConductorError, Retry::Reconcile, None),
            },
        };
        let outcome = error.outcome();
        let settled = retry != Retry::Wait;
        Self {
            kind,
            outcome: outcome.into(),
            effect: error.effect(),
            settled,
            retry,
            retry_after,
            key: fate(outcome, kind, settled),
            not_started_after: match error {
                CallError::Arrived { not_started_after } | CallError::Ambiguous { not_started_after } => {
                    Some(*not_started_after)
                }
                _ => None,
            },
        }
    }

    /// What is said about a call that was cancelled and did not run. Its key is kept: a repeat of the request gets the
    /// same answer, so that no waiting client makes the call again.
    pub(crate) const CANCELLED: Self = Self {
        kind: Kind::Cancelled,
        outcome: OutcomeWord::NotRun,
        effect: Effect::Nothing,
        settled: true,
        retry: Retry::NewKey,
        retry_after: None,
        key: KeyFate::Kept,
        not_started_after: None,
    };

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind.status()
    }

    pub(crate) const fn effect_word(&self) -> &'static str {
        match self.effect {
            Effect::Nothing => "nothing",
            Effect::Unknown => "unknown",
        }
    }
}

/// A key is free if the call provably did not run, or was refused before anything of it ran.
fn fate(outcome: Outcome, kind: Kind, settled: bool) -> KeyFate {
    match outcome {
        Outcome::NotRun => KeyFate::Released,
        Outcome::Answered if before_it_ran(kind) => KeyFate::Released,
        Outcome::Unknown if !settled => KeyFate::Held,
        Outcome::Unknown | Outcome::Arrived { .. } | Outcome::Answered => KeyFate::Kept,
    }
}

/// Whether an answer of this kind says that nothing ran, not even in other cells.
const fn before_it_ran(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::FunctionNotFound
            | Kind::ZomeNotFound
            | Kind::CellNotFound
            | Kind::CellNotRunning
            | Kind::GatewayNotAuthorized
            | Kind::ConductorVersion
    )
}

fn not_running(reason: &NotRunning) -> (Kind, Retry, Option<Duration>) {
    match reason {
        NotRunning::NotStarted | NotRunning::AwaitingRestore => (Kind::CellStarting, Retry::Same, Some(SOON)),
        _ => (Kind::CellNotRunning, Retry::Operator, None),
    }
}

fn signing(error: &SigningError) -> (Kind, Retry, Option<Duration>) {
    match error.recovery() {
        Recovery::Reconnect => (Kind::SigningUnavailable, Retry::Same, Some(SOON)),
        Recovery::CoolDown { after } => (Kind::SigningUnavailable, Retry::Same, Some(after)),
        _ => (Kind::SigningRefused, Retry::Operator, None),
    }
}

fn refused(
    kind: RefusalKind,
    cause: Option<RefusalCause>,
    effect: Effect,
) -> (Kind, Retry, Option<Duration>) {
    match (cause, kind) {
        _ if effect == Effect::Unknown => (Kind::ConductorError, Retry::Reconcile, None),
        (Some(RefusalCause::Function), _) => (Kind::ZomeError, Retry::NewKey, None),
        (Some(RefusalCause::InvalidCommit), _) => (Kind::InvalidCommit, Retry::NewKey, None),
        (Some(RefusalCause::HeadMoved), _) => (Kind::ChainMoved, Retry::NewKey, Some(SOON)),
        (Some(RefusalCause::NoFunction), _) => (Kind::FunctionNotFound, Retry::Fix, None),
        (Some(RefusalCause::NoZome), _) => (Kind::ZomeNotFound, Retry::Fix, None),
        (Some(RefusalCause::CellMissing), _) => (Kind::CellNotFound, Retry::Fix, None),
        (Some(RefusalCause::CellNotRunning), _) => (Kind::CellNotRunning, Retry::Operator, None),
        (Some(RefusalCause::Unauthorized | RefusalCause::Signature), _) => {
            (Kind::GatewayNotAuthorized, Retry::Operator, None)
        }
        (Some(RefusalCause::UnreadableRequest), _) | (_, RefusalKind::Deserialization) => {
            (Kind::ConductorVersion, Retry::Operator, None)
        }
        _ => (Kind::ConductorError, Retry::Reconcile, None),
    }
}

/// If a moment may help.
const SOON: Duration = Duration::from_secs(1);
/// For a link that is down, if nothing better is known.
const LINK: Duration = Duration::from_secs(2);
/// For a gateway that is being restarted.
const RESTART: Duration = Duration::from_secs(5);
/// How long settling takes while the link is up.
const SETTLING: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
