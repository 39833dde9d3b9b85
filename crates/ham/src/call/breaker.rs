//! A pause per cell after source-chain pressure.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ham_persistent::later;
use ham_session::Recovery;
use holochain_zome_types::cell::CellId;
use tokio::time::Instant;

use crate::error::CallError;
use crate::events;
use crate::metrics::Meter;
use crate::wire::DEFAULT_PRESSURE_COOLDOWN;

/// Longest pause of a cell's breaker (`HAM_PRESSURE_COOLDOWN_MAX_MS`).
pub const DEFAULT_PRESSURE_COOLDOWN_MAX: Duration = Duration::from_secs(90);

/// The pauses of a cell's breaker after source-chain pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PressureBreaker {
    /// The first pause; it doubles while pressure persists.
    pub initial: Duration,
    /// The longest pause.
    pub max: Duration,
}

impl Default for PressureBreaker {
    fn default() -> Self {
        Self { initial: DEFAULT_PRESSURE_COOLDOWN, max: DEFAULT_PRESSURE_COOLDOWN_MAX }
    }
}

/// The open breakers. At most one per cell of the app; off without a configuration.
#[derive(Debug)]
pub(crate) struct Breakers {
    config: Option<PressureBreaker>,
    open: Mutex<HashMap<CellId, Open>>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Instant,
    pause: Duration,
}

impl Breakers {
    pub(crate) fn new(config: Option<PressureBreaker>) -> Self {
        Self { config, open: Mutex::default() }
    }

    /// Refuses a call to a cell that is cooling down.
    pub(crate) fn admit(&self, cell: &CellId) -> Result<(), CallError> {
        if self.config.is_none() {
            return Ok(());
        }
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.get(cell).map(|open| open.until.saturating_duration_since(Instant::now()));
        match left {
            Some(after) if !after.is_zero() => Err(CallError::CoolingDown { after }),
            Some(_) | None => Ok(()),
        }
    }

    /// Opens or extends the breaker if the answer reports pressure.
    pub(crate) fn note(&self, cell: &CellId, recovery: Recovery, meter: &Meter) {
        let (Some(config), Recovery::CoolDown { .. }) = (self.config, recovery) else { return };
        let mut breakers = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let pause = match breakers.get(cell) {
            // Calls that were under way when it opened must not extend it.
            Some(open) if open.until > now => return,
            Some(open) => open.pause.saturating_mul(2).min(config.max),
            None => config.initial.min(config.max),
        };
        breakers.insert(cell.clone(), Open { until: later(now, pause), pause });
        tracing::warn!(event = events::PRESSURE, ?pause, "source-chain pressure; the cell cools down");
        meter.pressure.add();
    }

    /// The cell has recovered.
    pub(crate) fn relax(&self, cell: &CellId) {
        if self.config.is_some() {
            self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use holochain_zome_types::prelude::{AgentPubKey, DnaHash};

    use super::*;

    fn cell() -> CellId {
        CellId::new(DnaHash::from_raw_36(vec![1; 36]), AgentPubKey::from_raw_36(vec![2; 36]))
    }

    /// An endless pause overflowed an instant.
    #[tokio::test(start_paused = true)]
    async fn a_pause_without_end_is_one() {
        let endless = Duration::MAX;
        let breakers = Breakers::new(Some(PressureBreaker { initial: endless, max: endless }));
        breakers.note(&cell(), Recovery::CoolDown { after: endless }, &Meter::new("app"));
        tokio::time::advance(Duration::from_secs(1_000_000)).await;
        assert!(matches!(breakers.admit(&cell()), Err(CallError::CoolingDown { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_doubles_to_its_bound_and_a_good_answer_ends_it() {
        let seconds = Duration::from_secs;
        let breakers = Breakers::new(Some(PressureBreaker { initial: seconds(30), max: seconds(90) }));
        let meter = Meter::new("app");
        let pressure = Recovery::CoolDown { after: seconds(1) };
        for expected in [30, 60, 90, 90] {
            assert!(breakers.admit(&cell()).is_ok());
            breakers.note(&cell(), pressure, &meter);
            breakers.note(&cell(), pressure, &meter);
            let Err(CallError::CoolingDown { after }) = breakers.admit(&cell()) else { panic!("closed") };
            assert_eq!(after, seconds(expected));
            tokio::time::advance(after).await;
        }
        breakers.relax(&cell());
        breakers.note(&cell(), pressure, &meter);
        assert!(
            matches!(breakers.admit(&cell()), Err(CallError::CoolingDown { after }) if after == seconds(30))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn without_configuration_it_never_opens() {
        let breakers = Breakers::new(None);
        breakers.note(&cell(), Recovery::CoolDown { after: Duration::from_secs(1) }, &Meter::new("app"));
        assert!(breakers.admit(&cell()).is_ok());
    }
}
