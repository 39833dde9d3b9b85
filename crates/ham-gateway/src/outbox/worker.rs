//! Takes one call through the machine: writes down what has to be written, does what follows, reports how it ended.

use std::sync::Arc;

use ham::CallError;

use super::action_runner::{ActionRunner, Happened};
use super::call::Call;
use super::crash::{self, Point};
use super::error::StoreError;
use super::events;
use super::following::Progress;
use super::machine::{Action, Commit, Ending, FIRST_PAUSE, Input, Mode, State, Step};
use super::registry::RegisteredCall;
use super::store::Store;
use super::stored::Stored;
use super::time;
use crate::metrics;

/// One call and its progress.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) call: Call,
    pub(super) runner: ActionRunner,
    pub(super) store: Arc<Store>,
    pub(super) registered: RegisteredCall,
    /// Whether it has been written down.
    pub(super) on_disk: bool,
    /// What is said about it if it ends now.
    pub(super) told: Option<Stored>,
    /// Whether it was refused for lack of a grant: the first time, the grant may just have been revoked.
    pub(super) was_not_let: bool,
}

impl Worker {
    /// Runs it to its end, or until the outbox stops.
    pub(super) async fn run(mut self, mut step: Step) {
        loop {
            if let Some(commit) = step.commit
                && !self.commit(commit).await
            {
                return;
            }
            self.registered.registry.note(self.call.id, self.call.record);
            let happened = match step.action {
                Action::WaitForTurn(pause) => self.runner.turn(&self.call, pause).await,
                Action::Sign => self.sign().await,
                Action::Send => match &self.call.signed {
                    Some(signed) => self.runner.send(&self.call, signed, !self.was_not_let).await,
                    None => return,
                },
                Action::Fence(pause) => match &self.call.signed {
                    Some(signed) => self.runner.fence(signed, pause).await,
                    None => return,
                },
                Action::End if self.call.record.is_settled() => {
                    self.tell_settled();
                    return;
                }
                Action::End => return,
            };
            match self.next(happened) {
                Some(next) => step = next,
                None => return,
            }
        }
    }

    fn next(&mut self, happened: Happened) -> Option<Step> {
        let input = match happened {
            Happened::Stopped => return None,
            Happened::Signed(signed) => {
                self.call.not_started_after = Some(time::of_timestamp(signed.expires_at()));
                self.call.signed = Some(*signed);
                if self.call.record.mode() == Mode::Keyed {
                    // It is never signed again.
                    self.call.payload = None;
                }
                Input::Signed
            }
            Happened::Input(input, told) => {
                self.told = told.or(self.told.take());
                self.was_not_let |= self.told.as_ref().is_some_and(Stored::is_not_let);
                // A cancellation or deadline met meanwhile decides whether it is made again.
                let is_over = self.runner.is_over(&self.call);
                let record = &mut self.call.record;
                let noted = match record.state() {
                    State::Fencing if self.runner.cancelled.is_cancelled() => {
                        record.step(Input::Cancelled { sent: true })
                    }
                    State::Signed | State::Fencing if is_over => record.step(Input::TimeOver),
                    _ => None,
                };
                debug_assert_eq!(noted, None, "only noted");
                input
            }
        };
        self.call.record.step(input)
    }

    /// Writes down the state of the call. `false` if nothing more happens to it here.
    async fn commit(&mut self, commit: Commit) -> bool {
        match commit {
            Commit::Accepted | Commit::Signed => {}
            Commit::FenceBegun => {
                if let Some(signed) = &self.call.signed {
                    signed.begin_fence();
                }
            }
            Commit::Requeued => self.call.signed = None,
            Commit::Settled => {
                self.settle();
                if !self.on_disk && self.call.frees_its_key() {
                    // Nothing of it was sent, and the waiting caller is told.
                    return true;
                }
            }
        }
        let written = if self.on_disk { self.rewrite(commit).await } else { self.enter().await };
        if written {
            if self.call.record.state() == State::Queued {
                // It may wait for long, and be large.
                self.call.payload = None;
            }
            match commit {
                Commit::Accepted => crash::at(Point::K2),
                Commit::Signed => crash::at(Point::K3),
                Commit::FenceBegun => crash::at(Point::K8),
                Commit::Settled => crash::at(Point::K7),
                Commit::Requeued => {}
            }
        }
        written
    }

    /// Sets the fields of a settled call.
    fn settle(&mut self) {
        let now = time::now(&*self.runner.config.wall_clock);
        let told = self.told.take().unwrap_or_else(|| Stored::of(&self.untold()));
        metrics::settled(told.outcome().word());
        self.call.answer = Some(told);
        if self.call.key.is_some() && self.call.frees_its_key() {
            metrics::idempotency("released");
        }
        self.call.settled_at = Some(now);
        self.call.keep_until = Some(now.saturating_add(time::span(self.runner.config.keep)));
        self.call.forget_what_was_sent();
    }

    /// The error of a call that ends for no reason of its own: after a start, for example, when its time is over.
    fn untold(&self) -> CallError {
        match self.call.record.state() {
            State::Settled(Ending::NotRun) => CallError::TimedOut {
                target: self.call.label(),
                after: time::until(self.call.deliver_until, self.call.accepted_at),
                sent: false,
            },
            _ => CallError::Expired,
        }
    }

    pub(super) fn tell_settled(&self) {
        let outcome = self.call.answer.as_ref().map(|answer| answer.outcome().word());
        tracing::debug!(event = events::SETTLED, call = %self.call.id, outcome);
        self.registered.registry.tell(self.call.id, Progress::Settled(Arc::new(self.call.clone())));
    }

    /// Signs it. If its payload cannot be read now, it waits for its turn again, and nothing is written: the payload is
    /// only on the disk.
    async fn sign(&mut self) -> Happened {
        match self.payload() {
            Ok(payload) => self.runner.sign(&self.call, payload).await,
            Err(error) => {
                self.failed(&error);
                self.runner.turn(&self.call, FIRST_PAUSE).await
            }
        }
    }

    /// The payload of a call that is about to be signed.
    fn payload(&mut self) -> Result<Vec<u8>, StoreError> {
        let payload = match self.call.payload.take() {
            Some(payload) => payload,
            None => {
                let kept = self.store.get(self.call.id)?.and_then(|call| call.payload);
                kept.ok_or(StoreError::Missing(self.call.id))?
            }
        };
        Ok(self.call.payload.insert(payload).to_vec())
    }

    pub(super) fn failed(&self, error: &StoreError) {
        tracing::error!(event = events::STORE_FAILED, call = %self.call.id, %error);
    }
}

#[cfg(test)]
mod tests;
