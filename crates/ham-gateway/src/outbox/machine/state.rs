//! The state of a call in the outbox.

use serde::{Deserialize, Serialize};

/// How a call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Under a key, for a caller that waits.
    Keyed,
    /// Under a key, for a caller that asks later.
    Async,
    /// Without a key; it is here because nobody knows what became of it.
    Direct,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not signed: nothing of it ran, and nothing can.
    Queued,
    /// Signed: its bytes may have left.
    Signed,
    /// It may have run, and whether it arrived is being found out.
    Fencing,
    /// Nothing about it can change any more.
    Settled(Ending),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The conductor answered it.
    Answered,
    /// It arrived, runs at most once, and its answer is lost.
    Arrived,
    /// It did not run and never will.
    NotRun,
    /// It may have run, can no longer start, and only the chain can tell.
    Unknown,
}

/// What the machine knows of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub(super) state: State,
    pub(super) mode: Mode,
    /// How often it was signed.
    pub(super) attempts: u32,
    /// How often it was put back, or fenced in vain.
    pub(super) pauses: u32,
    pub(super) is_cancelled: bool,
    pub(super) time_is_over: bool,
}

impl Record {
    pub(super) fn new(mode: Mode) -> Self {
        let state = match mode {
            Mode::Keyed | Mode::Async => State::Queued,
            Mode::Direct => State::Fencing,
        };
        // A call that was made without the outbox was signed there.
        let attempts = u32::from(mode == Mode::Direct);
        Self { state, mode, attempts, pauses: 0, is_cancelled: false, time_is_over: false }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// How it was made.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How often it was signed: each time with a new nonce.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether nothing about it can change any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.state, State::Settled(_))
    }
}
