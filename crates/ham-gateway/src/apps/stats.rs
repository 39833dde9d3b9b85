//! The statistics of an app: how its calls ended, and how its link fared.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ham::PersistentHam;
use holochain_zome_types::prelude::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::history::History;
use super::samples::{CallCounters, Quarter};

/// The statistics of an app.
#[derive(Debug, Default)]
pub(crate) struct AppStats {
    calls: CallCounters,
    quarter: Mutex<Quarter>,
    history: Mutex<History>,
}

impl AppStats {
    /// The calls of the current second.
    pub(crate) fn calls(&self) -> &CallCounters {
        &self.calls
    }

    pub(crate) fn quarter(&self) -> MutexGuard<'_, Quarter> {
        self.quarter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records every second, for as long as somebody may listen.
pub(super) async fn seconds(all: Vec<(PersistentHam, Arc<AppStats>)>, told: watch::Sender<()>) {
    let mut second = interval_at(Instant::now() + SECOND, SECOND);
    // A missed second is not known, so it is not made up for.
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        second.tick().await;
        let t = Timestamp::now().as_millis();
        for (ham, stats) in &all {
            let sample = stats.calls.second(t, ham.state().get().is_live());
            stats.quarter().push(sample);
        }
        told.send_replace(());
    }
}

/// Records every change of a link, until its connection is closed.
pub(super) async fn changes(ham: PersistentHam, stats: Arc<AppStats>, told: watch::Sender<()>) {
    let mut state = ham.state();
    loop {
        stats.history().told(&state.get(), Timestamp::now().as_millis());
        told.send_replace(());
        if state.changed().await.is_none() {
            return;
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);
