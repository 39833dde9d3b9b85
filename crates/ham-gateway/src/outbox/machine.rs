//! What happens to a call in the outbox. Pure: a state and an input in, a state and what to do next out.
//!
//! ```text
//!  async ─► Queued ──may be sent──► Signed ──answered──────────────────────────► Settled(answered)
//!  keyed ───────────────────────────►  │ ──arrived───────────────────────────► Settled(arrived)
//!             ▲                        │ ──did not run, and there is time────► Queued (async)
//!             │                        │ ──did not run otherwise─────────────► Settled(not run)
//!             │                        │ ──cancelled, and never left─────────► Settled(not run)
//!             │                        └─ unknown · cancelled ──► Fencing
//!             └────── never ran, async, and there is time ◄───── Fencing ──never ran──► Settled(not run)
//!                                                                   ├─ arrived ──► Settled(arrived)
//!                                                                   └─ nobody can tell any more ──► Settled(unknown)
//! ```
//!
//! Each step is on disk before what follows from it happens: [`Step::commit`].

use std::time::Duration;

mod input;
mod state;
#[cfg(test)]
mod tests;

pub use input::{FenceEnded, Input, SendEnded};
pub use state::{Ending, Mode, Record, State};

/// What follows from an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is written first. If writing fails, nothing else of this step happens.
    pub commit: Option<Commit>,
    /// What is done then.
    pub action: Action,
}

impl Step {
    /// Nothing is written first.
    const fn only(action: Action) -> Self {
        Self { commit: None, action }
    }
}

/// What the record says next, with its name from the documentation of crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// A: it is accepted.
    Accepted,
    /// B: it is signed, and may leave from now on.
    Signed,
    /// F: a fence may leave from now on.
    FenceBegun,
    /// C: it is settled.
    Settled,
    /// It waits again, unsigned.
    Requeued,
}

/// What is done once the record is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Wait for the lane of its cell and for a link, at least this long.
    WaitForTurn(Duration),
    /// Sign it with a new nonce.
    Sign,
    /// Send its bytes, on every link until the delivery deadline.
    Send,
    /// Ask whether it arrived, in a way that prevents it from starting later; after a pause.
    Fence(Duration),
    /// Nothing: it is settled.
    End,
}

/// The first pause after a call did not run or a fence had no answer, and the longest one.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// See [`FIRST_PAUSE`].
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Record {
    /// Takes an input. An input that does not fit the state changes nothing: it comes from a task that does not know
    /// yet that the call took another path.
    #[must_use]
    pub fn step(&mut self, input: Input) -> Option<Step> {
        match (self.state, input) {
            (State::Queued, Input::Turn) if self.has_time() => Some(Step::only(Action::Sign)),
            (State::Queued, Input::Turn | Input::Cancelled { .. } | Input::TimeOver)
            | (State::Signed, Input::Cancelled { sent: false }) => Some(self.settle(Ending::NotRun)),
            (State::Queued, Input::Signed) => {
                self.attempts = self.attempts.saturating_add(1);
                Some(self.enter(State::Signed, Commit::Signed, Action::Send))
            }
            (State::Queued, Input::SignFailed { retryable }) => Some(self.did_not_run(retryable)),
            (State::Signed, Input::SendEnded(ended)) => Some(match ended {
                SendEnded::Answered => self.settle(Ending::Answered),
                SendEnded::Arrived => self.settle(Ending::Arrived),
                SendEnded::NotRun { retryable } => self.did_not_run(retryable),
                SendEnded::Unknown => self.fence(),
                SendEnded::UnknownForGood => self.settle(Ending::Unknown),
            }),
            // Nobody knows what a sending that was dropped has done.
            (State::Signed, Input::Cancelled { sent: true }) => {
                self.is_cancelled = true;
                Some(self.fence())
            }
            (State::Fencing, Input::Cancelled { .. }) => {
                self.is_cancelled = true;
                None
            }
            // A sending watches that deadline itself, and a fence is not bound by it.
            (State::Signed | State::Fencing, Input::TimeOver) => {
                self.time_is_over = true;
                None
            }
            (State::Fencing, Input::FenceEnded(ended)) => Some(match ended {
                FenceEnded::NeverRan => self.did_not_run(true),
                FenceEnded::Arrived => self.settle(Ending::Arrived),
                FenceEnded::NobodyCanTell => self.settle(Ending::Unknown),
                FenceEnded::Failed => Step::only(Action::Fence(self.next_pause())),
            }),
            (State::Signed | State::Fencing, Input::NonceExpired) => Some(self.settle(Ending::Unknown)),
            // After a start: the record says how far the call came, not what was done since it was written.
            (State::Queued, Input::Recovered) => Some(Step::only(Action::WaitForTurn(Duration::ZERO))),
            (State::Signed, Input::Recovered) if self.has_time() => Some(Step::only(Action::Send)),
            (State::Signed, Input::Recovered) => Some(self.fence()),
            (State::Fencing, Input::Recovered) => Some(Step::only(Action::Fence(Duration::ZERO))),
            _ => None,
        }
    }

    /// The state of a call when it is accepted.
    #[must_use]
    pub fn accepted(mode: Mode) -> (Self, Step) {
        let record = Self::new(mode);
        let step = match mode {
            // It is journalled before it is sent.
            Mode::Keyed => Step::only(Action::Sign),
            Mode::Async => {
                Step { commit: Some(Commit::Accepted), action: Action::WaitForTurn(Duration::ZERO) }
            }
            Mode::Direct => Step { commit: Some(Commit::FenceBegun), action: Action::Fence(Duration::ZERO) },
        };
        (record, step)
    }

    fn has_time(&self) -> bool {
        !self.is_cancelled && !self.time_is_over
    }

    /// It provably did not run: it is made again if it is still wanted and if that can help.
    fn did_not_run(&mut self, retryable: bool) -> Step {
        if self.mode == Mode::Async && retryable && self.has_time() {
            let pause = self.next_pause();
            return self.enter(State::Queued, Commit::Requeued, Action::WaitForTurn(pause));
        }
        self.settle(Ending::NotRun)
    }

    fn fence(&mut self) -> Step {
        self.enter(State::Fencing, Commit::FenceBegun, Action::Fence(Duration::ZERO))
    }

    fn settle(&mut self, ending: Ending) -> Step {
        self.enter(State::Settled(ending), Commit::Settled, Action::End)
    }

    fn enter(&mut self, state: State, commit: Commit, action: Action) -> Step {
        self.state = state;
        Step { commit: Some(commit), action }
    }

    fn next_pause(&mut self) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.pauses.min(6)).min(LONGEST_PAUSE);
        self.pauses = self.pauses.saturating_add(1);
        pause
    }
}
