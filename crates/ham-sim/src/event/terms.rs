//! What events are about: calls, their nonces, what became of them and of the chains.

/// A call, by its number in the life.
pub(crate) type Call = u32;

/// A nonce, by the order in which the conductor or a hook first saw it.
pub(crate) type Nonce = u32;

/// What became of a call, without the data of its variants.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Outcome {
    NotRun,
    Unknown,
    Arrived,
    Answered,
}

impl Outcome {
    /// Whether nothing about it can still change.
    pub(crate) fn is_settled(self) -> bool {
        matches!(self, Self::NotRun | Self::Answered)
    }
}

impl From<ham::Outcome> for Outcome {
    fn from(outcome: ham::Outcome) -> Self {
        match outcome {
            ham::Outcome::NotRun => Self::NotRun,
            ham::Outcome::Unknown => Self::Unknown,
            ham::Outcome::Arrived { .. } => Self::Arrived,
            ham::Outcome::Answered => Self::Answered,
        }
    }
}

/// What happens to a call between two steps.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum StepFault {
    /// Its socket is reset.
    Cut,
    /// The conductor dies.
    Killed,
    /// The app is disabled.
    Disabled,
}

/// Why an entry is on a chain.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Cause {
    Genesis,
    Init,
    /// The call's own write.
    Write(Nonce),
    /// Written by a call that the call with this nonce made through another cell.
    Nested(Nonce),
    Grant,
    Closed,
}

/// What the owner of a call was told.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) call: Call,
    pub(crate) outcome: Outcome,
    /// For a call that was sent as it is: its nonce.
    pub(crate) of: Option<Nonce>,
    /// Whether the effect is said to be nothing.
    pub(crate) nothing: bool,
    /// The error's variant; `None` if the call returned its output.
    pub(crate) error: Option<&'static str>,
    /// The nonce that the output names.
    pub(crate) answer: Option<Nonce>,
}
