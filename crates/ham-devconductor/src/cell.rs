//! A running cell: one agent in one DNA.

mod chain;
mod home;
mod known_grants;
mod shared;
mod turns;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use holochain_data::models::WitnessNonceResult;
use holochain_keystore::MetaLairClient;
use holochain_nonce::fresh_nonce;
use holochain_state::DhtStore;
use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_state::mutations::StateMutationResult;
use holochain_state::source_chain::SourceChainResult;
use holochain_types::prelude::{CellId, ExternIO, FunctionName, Timestamp, ZomeCallParams, ZomeName};
use holochain_types::signal::Signal;
use tokio::sync::{Mutex, MutexGuard, SemaphorePermit};
use tokio_util::sync::CancellationToken;

pub(crate) use home::{Caller, Home};
pub(crate) use shared::Shared;
pub(crate) use turns::Turns;

use crate::budget::Budget;
use crate::clock::Clock;
use crate::error::ConductorError;
use crate::faults::Faults;
use crate::observe::{Feed, Trace};
use crate::ribosome::Ribosome;
use crate::stores::{Apps, Schedules, judge};
use crate::work::Tasks;
use known_grants::KnownGrants;
use turns::Turn;

pub(crate) struct Cell {
    id: CellId,
    shared: Shared,
    dht: DhtStore,
    /// Replaced when the coordinators are updated.
    ribosome: RwLock<Arc<Ribosome>>,
    grants: KnownGrants,
    /// Held by the writer to its chain.
    turn: Turn,
    init: Mutex<()>,
    schedules: Schedules,
    /// Cancelled when the cell no longer runs.
    stopped: CancellationToken,
    is_initialized: AtomicBool,
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cell").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Cell {
    pub(crate) fn new(
        id: CellId,
        shared: Shared,
        (dht, schedules): (DhtStore, Schedules),
        ribosome: Arc<Ribosome>,
    ) -> Self {
        Self {
            turn: shared.turns.of(&id),
            stopped: shared.closing.child_token(),
            id,
            shared,
            dht,
            ribosome: RwLock::new(ribosome),
            grants: KnownGrants::default(),
            init: Mutex::default(),
            schedules,
            is_initialized: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> &CellId {
        &self.id
    }

    /// # Errors
    /// The conductor has stopped.
    pub(crate) fn home(&self) -> Result<Arc<dyn Home>, ConductorError> {
        let home = self.shared.home.upgrade();
        home.ok_or_else(|| ConductorError::Other("the conductor has stopped".to_owned()))
    }

    pub(crate) fn keystore(&self) -> &MetaLairClient {
        &self.shared.keystore
    }

    /// The installed apps, including its own.
    pub(crate) fn apps(&self) -> &Apps {
        &self.shared.apps
    }

    /// Where events are reported.
    pub(crate) fn feed(&self) -> &Feed {
        &self.shared.feed
    }

    /// What must end before the conductor does.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.shared.tasks
    }

    /// Host functions that fail.
    pub(crate) fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The store of its DNA, shared by all cells of that DNA.
    pub(crate) fn dht(&self) -> DhtStore {
        self.dht.clone()
    }

    /// What its agent allows others to call.
    pub(crate) fn grants(&self) -> &KnownGrants {
        &self.grants
    }

    /// The budget of a root call in it.
    pub(crate) fn budget(&self) -> Budget {
        let cut = self.shared.tasks.work().cut();
        Budget::cut_by(self.shared.limits, cut).with_trace(Trace::of(&self.shared.feed))
    }

    /// Its chain as it is now, to be written to.
    pub(crate) async fn workspace(&self) -> SourceChainResult<SourceChainWorkspace> {
        let agent = self.id.agent_pubkey().clone();
        SourceChainWorkspace::new(self.dht(), self.keystore().clone(), agent).await
    }

    /// A call by its agent, with a nonce of its own, valid by the conductor's clock.
    ///
    /// # Errors
    /// The clock is at a time after which none can be expressed.
    pub(crate) fn call_of(
        &self,
        cell_id: CellId,
        zome_name: ZomeName,
        fn_name: FunctionName,
        payload: ExternIO,
    ) -> Result<ZomeCallParams, Box<dyn std::error::Error + Send + Sync>> {
        let (nonce, expires_at) = fresh_nonce(self.now())?;
        let provenance = self.id.agent_pubkey().clone();
        Ok(ZomeCallParams {
            provenance,
            cell_id,
            zome_name,
            fn_name,
            cap_secret: None,
            payload,
            nonce,
            expires_at,
        })
    }

    pub(crate) fn ribosome(&self) -> Arc<Ribosome> {
        Arc::clone(&self.ribosome.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_ribosome(&self, ribosome: Arc<Ribosome>) {
        *self.ribosome.write().unwrap_or_else(PoisonError::into_inner) = ribosome;
    }

    /// Its holder may run `init`.
    pub(crate) async fn init_turn(&self) -> MutexGuard<'_, ()> {
        self.init.lock().await
    }

    /// What its zomes have scheduled.
    pub(crate) fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// Cancelled when the cell no longer runs.
    pub(crate) fn stopped(&self) -> &CancellationToken {
        &self.stopped
    }

    /// Its holder may run a scheduled function.
    pub(crate) async fn schedule_place(&self) -> Option<SemaphorePermit<'_>> {
        self.shared.schedules.acquire().await.ok()
    }

    /// Whether `init` is known to have run.
    pub(crate) fn is_initialized(&self) -> bool {
        self.is_initialized.load(Ordering::Acquire)
    }

    pub(crate) fn set_initialized(&self) {
        self.is_initialized.store(true, Ordering::Release);
    }

    /// Whether the end of its chain closes the chain for its own commits.
    pub(crate) fn closes_chains(&self) -> bool {
        self.shared.closes_chains
    }

    /// The conductor's clock.
    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The time by the conductor's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Uses up a call's nonce, if a client signed the call.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn witness(
        &self,
        params: &ZomeCallParams,
        is_signed: bool,
    ) -> StateMutationResult<WitnessNonceResult> {
        let (clock, agent) = (&self.shared.clock, params.provenance.clone());
        if !is_signed {
            return Ok(judge(params.expires_at, clock.now()));
        }
        self.shared.nonces.witness(agent, params.nonce, params.expires_at, clock).await
    }

    /// Sends a signal to the clients of the apps that have the cell.
    pub(crate) fn emit(&self, signal: &Signal) {
        for app in self.apps().enabled_with(&self.id) {
            self.shared.signals.send(&app, signal.clone());
        }
    }
}
