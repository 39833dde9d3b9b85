//! The conductor itself: what it keeps, and the life of its apps and cells.

mod callable;
mod cells;
mod clones;
mod creations;
mod delay;
mod dump;
mod dumped;
mod grants;
mod infos;
mod install;
mod other_code;
mod passing;
mod running;
mod snapshots;
mod status;
mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use holochain_keystore::MetaLairClient;
use holochain_types::prelude::CellId;
use tokio::sync::Semaphore;

pub(crate) use cells::OtherZomes;
pub(crate) use dump::list_host_functions;
pub use dumped::OpenedDump;
pub(crate) use install::InstallParams;
pub use passing::{MAX_RUNS, MAX_RUNS_TIME, PassLimit, Passed, Skipped};
pub(crate) use snapshots::Saved;

use crate::cell::Turns;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::StartError;
use crate::faults::{ActiveFaults, Faults};
use crate::life::Life;
use crate::observe::Feed;
use crate::signals::Signals;
use crate::stores::{Apps, Dhts, Dnas, Stores};
use crate::work::Work;
use crate::workflow;
use callable::Callable;
use creations::Creations;
use delay::Delay;
use tokens::Tokens;

/// One conductor. Cells and interfaces hold it weakly or for the time of a request.
pub(crate) struct Conductor {
    config: Config,
    stores: Stores,
    /// The cells that can be called.
    cells: RwLock<HashMap<CellId, Callable>>,
    turns: Arc<Turns>,
    signals: Arc<Signals>,
    tokens: Tokens,
    creations: Creations,
    clock: Clock,
    feed: Arc<Feed>,
    delay: Delay,
    faults: Arc<Faults>,
    /// Places for scheduled functions.
    schedules: Arc<Semaphore>,
    work: Work,
    life: Life,
}

impl std::fmt::Debug for Conductor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conductor").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Conductor {
    /// Opens databases and keystore, and starts the cells of all enabled apps.
    ///
    /// # Errors
    /// Variant by variant in [`StartError`].
    pub(crate) async fn start(config: Config) -> Result<Arc<Self>, StartError> {
        let feed = Arc::<Feed>::default();
        let conductor = Arc::new(Self {
            stores: Stores::open(&config, &feed).await?,
            config,
            cells: RwLock::default(),
            turns: Arc::default(),
            signals: Arc::default(),
            tokens: Tokens::default(),
            creations: Creations::default(),
            clock: Clock::default(),
            feed,
            delay: Delay::default(),
            faults: Arc::default(),
            schedules: Arc::new(Semaphore::new(workflow::SCHEDULED_AT_A_TIME)),
            work: Work::default(),
            life: Life::new(),
        });
        conductor.start_apps().await?;
        Ok(conductor)
    }

    /// Takes no more requests, and waits until what runs has ended.
    pub(crate) async fn shut_down(&self) {
        self.life.end().await;
        self.stores.dhts.close().await;
    }

    /// The same, and cuts the connections at once: what runs ends unheard.
    pub(crate) async fn kill(&self) {
        self.life.killed().cancel();
        self.shut_down().await;
    }

    /// Holds every answer back for this long.
    pub(crate) fn delay_answers(&self, delay: Duration) {
        self.delay.set(delay);
    }

    /// The faults that are on.
    pub(crate) fn active_faults(&self) -> ActiveFaults {
        let (delay, drops_signals) = (self.delay.is(), self.signals.are_dropped());
        ActiveFaults { delay, drops_signals, host_functions: self.faults.active() }
    }

    /// Waits for as long as a test wants answers to be held back; `None` if there will be none, because the conductor
    /// is killed.
    pub(crate) async fn hold_back(&self) -> Option<()> {
        self.life.killed().run_until_cancelled(self.delay.pass()).await
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn keystore(&self) -> &MetaLairClient {
        self.stores.keystore()
    }

    pub(crate) fn apps(&self) -> &Arc<Apps> {
        &self.stores.apps
    }

    pub(crate) fn dnas(&self) -> &Dnas {
        &self.stores.dnas
    }

    pub(crate) fn dhts(&self) -> &Dhts {
        &self.stores.dhts
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Host functions that fail.
    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The work in progress. Requests begin it.
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    /// Where events are published.
    pub(crate) fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    pub(crate) fn life(&self) -> &Life {
        &self.life
    }
}
