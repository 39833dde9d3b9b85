//! What a test, or anyone trying things out, can do to a conductor.

use std::sync::{Arc, Weak};
use std::time::Duration;

use holochain_types::prelude::Timestamp;

use super::DevConductor;
use crate::clock::TooLate;
use crate::conductor::{Conductor, OpenedDump, Passed, Saved};
use crate::error::{DumpError, SnapshotError};
use crate::faults::UnknownHostFunction;
use crate::observe::Event;

/// A conductor as it was. Dropping it frees the space that it takes.
#[derive(Debug)]
pub struct Snapshot {
    saved: Saved,
    conductor: Weak<Conductor>,
}

impl DevConductor {
    /// Delays every answer by this long; zero for not at all.
    pub fn delay_answers(&self, delay: Duration) {
        self.conductor.delay_answers(delay);
        self.conductor.feed().tell(|| Event::Faults);
    }

    /// Throws signals away instead of sending them.
    pub fn drop_signals(&self, drops: bool) {
        self.conductor.signals().drop_all(drops);
        self.conductor.feed().tell(|| Event::Faults);
    }

    /// Stops the clock for `sys_time`, for expiries of calls and tokens, and for schedules; `None` lets it run. The timestamps of
    /// actions always use the system's clock. If the clock goes back, schedules follow it: each runs at its next time by the clock as
    /// it is now.
    ///
    /// # Errors
    /// The time is later than 2099; the clock is as it was.
    pub fn freeze_clock(&self, at: Option<Timestamp>) -> Result<(), TooLate> {
        self.conductor.clock().freeze(at)
    }

    /// Moves that clock forward, for good or until [`reset_clock`](Self::reset_clock), as if the machine had slept: what expires by
    /// then is expired; a schedule that is due then runs at once, one whose time had passed by then runs at its next time, and one
    /// that has no later time is over. A call that a client signs by the system's clock stays valid as long as it otherwise would.
    /// Returns how far the clock is ahead. [`pass_time`](Self::pass_time) runs what falls due on the way.
    ///
    /// # Errors
    /// The time is later than 2099; the clock is as it was.
    pub fn advance_clock(&self, by: Duration) -> Result<Duration, TooLate> {
        self.conductor.clock().advance(by)
    }

    /// Moves that clock forward as [`advance_clock`](Self::advance_clock) does, but stops at each time at which a scheduled function falls due, in order, and
    /// runs it there: [`MAX_RUNS`](crate::MAX_RUNS) runs at most, and none after [`MAX_RUNS_TIME`](crate::MAX_RUNS_TIME). What these runs schedule runs too if it falls due by then. Returns what ran.
    ///
    /// # Errors
    /// The time is later than 2099; the clock is as it was.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the clock somewhere on the way, and may cut a run off.
    pub async fn pass_time(&self, by: Duration) -> Result<Passed, TooLate> {
        self.conductor.pass_time(by).await
    }

    /// The time that clock shows, and how far it was moved ahead.
    #[must_use]
    pub fn clock(&self) -> (Timestamp, Duration) {
        let clock = self.conductor.clock();
        (clock.now(), clock.ahead())
    }

    /// Lets that clock run with the system's. Schedules go back with it.
    pub fn reset_clock(&self) {
        self.conductor.clock().reset();
    }

    /// Makes a host function fail in the next so many calls of it, for the zomes of all cells; 0 for none. The name is that in the
    /// HDK, such as `create`, or that of the import. Validation and `genesis_self_check` are not affected.
    ///
    /// # Errors
    /// There is no such host function.
    pub fn fail_host_function(&self, name: &str, times: u32) -> Result<(), UnknownHostFunction> {
        self.conductor.faults().fail(name, times)?;
        self.conductor.feed().tell(|| Event::Faults);
        Ok(())
    }

    /// Saves apps, code, chains, DHTs and schedules as they are at one moment, between commits. It waits for no call, and what is
    /// running is not part of it: neither what a call has staged, nor the next time of a scheduled function that is running (an
    /// ephemeral one is then no longer scheduled). Takes milliseconds, during which commits wait, and as many bytes of the data
    /// directory as the saved data has. The snapshot can be used with this conductor until the conductor ends.
    ///
    /// # Errors
    /// Variant by variant in [`SnapshotError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        Ok(Snapshot { saved: self.conductor.save().await?, conductor: Arc::downgrade(&self.conductor) })
    }

    /// Makes everything as it was at the snapshot, which can be used again. Running calls, and whatever follows other calls, are cut
    /// off first: they fail with an error that says so, have written nothing, and have ended before anything changes. Connections,
    /// tokens, keys, attached interfaces and the clock stay as they are now; a nonce that was used since stays used.
    ///
    /// # Errors
    /// Variant by variant in [`SnapshotError`]. A failure half way leaves apps that do not run; revert again. A kept directory is as
    /// it was before the revert when it is next opened, just as after an end in the middle.
    ///
    /// # Panics
    /// The snapshot belongs to another conductor.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it half way.
    pub async fn revert(&self, to: &Snapshot) -> Result<(), SnapshotError> {
        let of = to.conductor.as_ptr();
        assert!(std::ptr::eq(of, Arc::as_ptr(&self.conductor)), "the snapshot is of another conductor");
        self.conductor.restore(&to.saved).await
    }

    /// Adds what another conductor held of a DNA to the DHT here: the integrated operations of a full-state dump, as Holochain 0.7.1
    /// and `ham dump cell` write it. An app here must have the DNA. The operations count as valid, since a dump does not say which
    /// were rejected; private entries are not among them, and nobody here can write as their authors.
    ///
    /// # Errors
    /// Variant by variant in [`DumpError`].
    ///
    /// # Cancel safety
    /// Dropping the future may leave some of it added; the dump can be opened again.
    pub async fn open_dump(&self, dump: &str) -> Result<OpenedDump, DumpError> {
        let dump = serde_json::from_str(dump).map_err(|source| DumpError::NotADump { source })?;
        self.conductor.open_dump(dump).await
    }
}
