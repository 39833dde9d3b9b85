//! The rounds of a call: whether it is signed and sent again.

use tokio::time::Instant;

use super::caller::Caller;
use super::options::CallPolicy;
use super::sign::MAX_MOVES;
use super::signed::SignedCall;
use super::start_pause::START_PAUSE;
use crate::error::{CallError, Outcome};
use crate::wire::Verdict;

/// The rounds of one call: each signs it with a new nonce.
pub(super) struct Rounds {
    /// How many more losses may be followed by another round.
    repeats: u32,
    /// A round that was sent and lost: what a later round says about itself must not hide it.
    lost: Option<CallError>,
    /// Whether a grant was written because a round was refused for lack of one.
    renewed: bool,
    /// How often the cell was looked up again.
    moves: u32,
}

impl Rounds {
    pub(super) fn of(policy: CallPolicy) -> Self {
        let repeats = match policy {
            CallPolicy::Repeat { times } => times,
            CallPolicy::FailFast | CallPolicy::Resume => 0,
        };
        Self { repeats, lost: None, renewed: false, moves: 0 }
    }

    /// Whether a round was sent and lost.
    pub(super) fn lost_one(&self) -> bool {
        self.lost.is_some()
    }

    /// Whether another round may follow one that ended with `error`.
    pub(super) async fn another(
        &mut self,
        caller: &Caller,
        call: &SignedCall,
        error: &CallError,
        granted: u32,
        deadline: Instant,
    ) -> bool {
        if Instant::now() >= deadline {
            return false;
        }
        match error {
            // The deadline exceeds the life of a nonce. Nothing of the call has left, so a new nonce is no risk. A clock that stands
            // still must not make this spin.
            CallError::ExpiredUnsent => {
                tokio::time::sleep_until(deadline.min(Instant::now() + START_PAUSE)).await;
                Instant::now() < deadline
            }
            CallError::LinkLost { .. } if self.repeats > 0 => {
                self.repeats -= 1;
                if error.outcome() == Outcome::Unknown {
                    self.lost = Some(error.clone());
                }
                true
            }
            CallError::Refused { refusal, unsettled: false } => match refusal.verdict(&call.cell_id) {
                // A grant written in the meantime may let the call pass: nothing of it ran.
                Verdict::NoGrant if !self.renewed && self.lost.is_none() => {
                    self.renewed = true;
                    caller.signer.credentials(&call.cell_id, deadline).await.is_ok()
                        && caller.signer.granted() > granted
                }
                Verdict::NoCell if self.moves < MAX_MOVES => {
                    self.moves += 1;
                    caller.moved(&call.target, &call.cell_id, deadline).await.is_some()
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// The error of the call, given that of its last round: an earlier, lost round may have run.
    pub(super) fn after_loss(self, error: CallError) -> CallError {
        match (self.lost, error) {
            (None, error) => error,
            (Some(_), CallError::Refused { refusal, .. }) => CallError::Refused { refusal, unsettled: true },
            (Some(lost), error) if error.outcome() == Outcome::NotRun => lost,
            (Some(_), error) => error,
        }
    }
}
