//! What a call's worker writes down, on a disk that may fail.

use tokio::time::{Instant, sleep_until};

use super::crash::{self, Point};
use super::error::{StoreError, SubmitError};
use super::following::Progress;
use super::machine::{Commit, Ending, FIRST_PAUSE, LONGEST_PAUSE, State};
use super::stored::Stored;
use super::tables::Accepted;
use super::worker::Worker;

impl Worker {
    /// Writes the call down for the first time: nothing has left yet, so if that fails, the call is not accepted.
    pub(super) async fn enter(&mut self) -> bool {
        let accepted = tokio::select! {
            biased;
            accepted = self.store.accept(self.call.clone()) => accepted,
            // Nobody knows whether it is there; the next start finds out.
            () = self.ended_without_a_disk() => return false,
        };
        let why = match accepted {
            Ok(Accepted::New) => {
                self.on_disk = true;
                self.registered.registry.tell(self.call.id, Progress::Open);
                return true;
            }
            // The submitter has checked for these already.
            Ok(_) => SubmitError::OtherRequest,
            Err(error) => error.into(),
        };
        self.registered.registry.tell(self.call.id, Progress::Refused(why));
        false
    }

    /// Writes the call over its previous state, again and again until it is there or the outbox ends.
    pub(super) async fn rewrite(&mut self, commit: Commit) -> bool {
        if self.call.record.state() == State::Settled(Ending::Answered) {
            crash::at(Point::K6);
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(written) = self.write(commit).await else { return false };
            let Err(error) = written else { return true };
            self.failed(&error);
            if self.is_true_without_a_disk() {
                self.tell_settled();
            }
            tokio::select! {
                biased;
                () = self.runner.stops.ended.cancelled() => return false,
                () = sleep_until(Instant::now() + pause) => {}
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Writes it once; `None` if the outbox ends while the disk does not work.
    async fn write(&self, commit: Commit) -> Option<Result<(), StoreError>> {
        let mut call = self.call.clone();
        call.answer = call.answer.map(|answer| answer.kept(self.runner.config.most_kept));
        let settles = commit == Commit::Settled;
        let written = async {
            match settles && call.frees_its_key() {
                true => self.store.release(call).await,
                false => self.store.write(call).await,
            }
        };
        tokio::pin!(written);
        let mut told = !self.is_true_without_a_disk();
        loop {
            // The successful write first: then nothing else matters.
            tokio::select! {
                biased;
                written = written.as_mut() => return Some(written),
                () = self.store.goes_away(), if !told => {
                    self.tell_settled();
                    told = true;
                }
                () = self.ended_without_a_disk() => return None,
            }
        }
    }

    /// Whether the end of the call is true whatever becomes of the disk. "Did not run" is not: on disk the call waits,
    /// and the next start would make it. Nor is an answered error: it may come before the nonce is claimed, and then
    /// the bytes on disk would run when they are sent again.
    fn is_true_without_a_disk(&self) -> bool {
        match self.call.record.state() {
            State::Settled(Ending::Answered) => {
                matches!(self.call.answer, Some(Stored::Output(_) | Stored::NotKept))
            }
            State::Settled(ending) => ending != Ending::NotRun,
            _ => false,
        }
    }

    /// Resolves once the outbox ends while its file cannot be used.
    async fn ended_without_a_disk(&self) {
        self.runner.stops.ended.cancelled().await;
        self.store.goes_away().await;
    }
}
