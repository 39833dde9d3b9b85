//! The callers and the calls they draw.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::try_join_all;
use ham::{CallPolicy, CallTarget, PersistentHam};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::call::{Call, Way};
use super::caller::Caller;
use super::error::DemoError;
use super::ledger::Ledger;
use super::meter::Meter;
use super::options::{CALLERS, DemoOptions, SHORT_DEADLINE};
use super::probe::Kind;

/// How long slow calls compute, in milliseconds.
const SLOW_MILLIS: std::ops::RangeInclusive<u64> = 20..=40;

/// The calls of one caller: a function of the seed, the caller's number and whether it writes.
#[derive(Debug)]
pub(super) struct Draws {
    random: StdRng,
    writes: bool,
}

impl Draws {
    pub(super) fn new(seed: u64, caller: usize, writes: bool) -> Self {
        // An odd multiplier keeps neighbouring callers of neighbouring seeds distinct.
        let own = (caller as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self { random: StdRng::seed_from_u64(seed ^ own), writes }
    }

    pub(super) fn next(&mut self) -> Call {
        let kind = match (self.writes, self.random.random_ratio(1, 6)) {
            (true, true) => Kind::Slow { millis: self.random.random_range(SLOW_MILLIS) },
            (true, false) => Kind::Create,
            (false, _) if self.random.random() => Kind::CreateThenFail,
            (false, _) => Kind::Fail,
        };
        let call = Call::patient(kind);
        match self.random.random_range(0..24) {
            0 => Call { way: Way::Called(CallPolicy::FailFast), ..call },
            1 => Call { deadline: SHORT_DEADLINE, ..call },
            2 => Call { way: Way::REPEATED, ..call },
            // With little time, so that there is something to fence.
            3 => Call { way: Way::Fenced, deadline: SHORT_DEADLINE, ..call },
            4 => Call { way: Way::FencedUnsent, ..call },
            5 => Call { way: Way::TwoSenders, ..call },
            6 => Call { way: Way::Resumed, ..call },
            7 => Call { way: Way::ResumedByFence, ..call },
            _ => call,
        }
    }
}

/// A running load.
#[derive(Debug)]
pub(super) struct Load<'a> {
    pub(super) ham: &'a PersistentHam,
    pub(super) cells: &'a [CallTarget],
    pub(super) ledger: &'a Ledger,
    pub(super) meter: &'a Meter,
    pub(super) seed: u64,
    left: AtomicU32,
}

impl<'a> Load<'a> {
    pub(super) fn new(
        ham: &'a PersistentHam,
        cells: &'a [CallTarget],
        ledger: &'a Ledger,
        meter: &'a Meter,
        options: &DemoOptions,
    ) -> Self {
        Self { ham, cells, ledger, meter, seed: options.seed, left: AtomicU32::new(options.calls) }
    }

    /// Runs all callers until all calls have ended. The callers are futures, not tasks: dropping this ends them.
    ///
    /// # Errors
    /// Something that calls are made with failed, not a call: [`DemoError::Journal`], [`DemoError::Connect`].
    pub(super) async fn run(&self) -> Result<(), DemoError> {
        try_join_all((0..CALLERS).map(|caller| self.call_on(caller))).await.map(drop)
    }

    /// One caller: the first of a cell writes, the others fail.
    async fn call_on(&self, caller: usize) -> Result<(), DemoError> {
        let cell = &self.cells[caller % self.cells.len()];
        let mut draws = Draws::new(self.seed, caller, caller < self.cells.len());
        while self.take() {
            self.make(draws.next(), cell).await?;
        }
        Ok(())
    }

    /// Makes one call and records how it ended.
    pub(super) async fn make(&self, call: Call, cell: &CallTarget) -> Result<(), DemoError> {
        let call_id = self.ledger.open();
        let outstanding = self.meter.begin();
        let caller = Caller { ham: self.ham, cell, meter: self.meter };
        let told = caller.make(call, call_id.clone()).await?;
        let on_a_later_link = outstanding.end(told.ending().is_answer());
        self.ledger.close(call_id, call, told, on_a_later_link);
        Ok(())
    }

    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn draw(seed: u64, caller: usize, writes: bool) -> Vec<Call> {
        let mut draws = Draws::new(seed, caller, writes);
        (0..500).map(|_| draws.next()).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_calls_and_callers_differ() {
        assert_eq!(draw(1, 0, true), draw(1, 0, true));
        assert_ne!(draw(1, 0, true), draw(1, 1, true));
        assert_ne!(draw(1, 0, true), draw(2, 0, true));
    }

    #[test]
    fn writers_create_and_the_others_fail_in_every_way() {
        let functions = |writes| -> HashSet<_> {
            draw(7, 0, writes).iter().map(|call| (call.kind.writes(), call.kind.function())).collect()
        };
        assert_eq!(functions(true), [(true, "create_item"), (true, "slow_create")].into());
        assert_eq!(functions(false), [(false, "create_then_fail"), (false, "fail")].into());
        let ways: HashSet<_> = draw(7, 0, true).iter().map(|call| call.way.label()).collect();
        assert_eq!(ways.len(), 8, "{ways:?}");
        assert!(draw(7, 0, true).iter().any(|call| call.deadline == SHORT_DEADLINE));
    }
}
