//! The conductor itself: its databases, keys, apps and running cells.

mod apps;
pub(crate) mod bundle;
mod cell;
mod clones;
mod controls;
mod dump;
mod grants;
mod keystore;
mod known_grants;
mod nonces;
mod signals;
mod stores;
mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use holo_hash::DnaHash;
use holochain_conductor_api::ZomeCallParamsSigned;
use holochain_conductor_api::state::ConductorState;
use holochain_data::models::WitnessNonceResult;
use holochain_keystore::MetaLairClient;
use holochain_state::DhtStore;
use holochain_state::conductor::ConductorStore;
use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_state::mutations::StateMutationError;
use holochain_types::prelude::{
    AppStatus, CellId, InitPropertiesMap, InstalledApp, Timestamp, ZomeCallParams, ZomeCallResponse,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use cell::Cell;
pub(crate) use controls::Controls;
pub(crate) use dump::list_host_functions;
pub(crate) use signals::Signals;
pub(crate) use tokens::Tokens;

use crate::config::{Config, DataDirectory};
use crate::decode::decode;
use crate::error::{ApiError, CellUnavailableReason, ConductorError, StartError};
use crate::workflow;
use keystore::Keystore;
use nonces::Nonces;
use stores::Stores;

/// One conductor. Cells and interfaces hold it weakly or for the time of a request.
pub(crate) struct Conductor {
    config: Config,
    stores: Stores,
    keystore: Keystore,
    /// What the conductor's database holds; written there first.
    state: RwLock<Arc<ConductorState>>,
    /// The turn to change the apps.
    changing: tokio::sync::Mutex<()>,
    /// The cells that can be called.
    cells: RwLock<HashMap<CellId, Arc<Cell>>>,
    signals: Signals,
    tokens: Tokens,
    nonces: Nonces,
    controls: Controls,
    tasks: TaskTracker,
    closing: CancellationToken,
    /// Its parent: what is killed is closing too.
    killed: CancellationToken,
}

/// Who calls a zome, beside what is signed.
#[derive(Default)]
pub(crate) struct Caller {
    /// The chain as the calling function sees it: shared with what it calls in its own cell.
    pub(crate) workspace: Option<SourceChainWorkspace>,
    /// How many calls led here.
    pub(crate) depth: usize,
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
        let stores = Stores::open(&config).await?;
        let keystore = keystore::open(&config, stores.directory()).await?;
        let state = stores.conductor.as_read().load_state().await;
        let state = state.map_err(|error| StartError::Database(error.to_string()))?.unwrap_or_default();
        let nonces = Nonces::new(config.data != DataDirectory::Temporary);
        let killed = CancellationToken::new();
        let conductor = Arc::new(Self {
            config,
            stores,
            keystore,
            state: RwLock::new(Arc::new(state)),
            changing: tokio::sync::Mutex::default(),
            cells: RwLock::default(),
            signals: Signals::default(),
            tokens: Tokens::default(),
            nonces,
            controls: Controls::default(),
            tasks: TaskTracker::new(),
            closing: killed.child_token(),
            killed,
        });
        conductor.start_apps().await.map_err(|error| StartError::App(error.to_string()))?;
        conductor.schedule();
        Ok(conductor)
    }

    /// Runs scheduled functions as they become due.
    fn schedule(self: &Arc<Self>) {
        let (conductor, closing) = (Arc::downgrade(self), self.closing.clone());
        self.tasks.spawn(async move {
            let mut tick = tokio::time::interval(holochain_zome_types::prelude::SCHEDULER_INTERVAL);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while closing.run_until_cancelled(tick.tick()).await.is_some() {
                let Some(conductor) = conductor.upgrade() else { return };
                for cell in conductor.running() {
                    if let Err(error) = workflow::run_scheduled(&conductor, &cell).await {
                        tracing::error!(cell = %cell.id(), %error, "scheduled functions could not be run");
                    }
                }
            }
        });
    }

    /// Takes no more requests, and waits until what runs has ended.
    pub(crate) async fn shut_down(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.stores.close();
    }

    /// The same, and cuts the connections at once: what runs ends unheard.
    pub(crate) async fn kill(&self) {
        self.killed.cancel();
        self.shut_down().await;
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn keystore(&self) -> &MetaLairClient {
        &self.keystore.client
    }

    pub(crate) fn store(&self) -> &ConductorStore {
        &self.stores.conductor
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Uses a call's nonce up.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn witness(
        &self,
        params: &ZomeCallParams,
    ) -> Result<WitnessNonceResult, StateMutationError> {
        let agent = params.provenance.clone();
        self.nonces.witness(self.store(), agent, params.nonce, self.now(), params.expires_at).await
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(crate) fn controls(&self) -> &Controls {
        &self.controls
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    pub(crate) fn killed(&self) -> &CancellationToken {
        &self.killed
    }

    /// Waits for as long as a test wants answers to be held back; `None` where there will be none, because it is killed.
    pub(crate) async fn hold_back(&self) -> Option<()> {
        self.killed.run_until_cancelled(self.controls.hold_back()).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.controls.now()
    }

    pub(crate) async fn dht(&self, dna: &DnaHash) -> Result<DhtStore, ConductorError> {
        self.stores.dht(dna).await
    }

    /// The apps as they are. A snapshot.
    pub(crate) fn state(&self) -> Arc<ConductorState> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the apps in the database, then here.
    pub(crate) async fn update_state<O>(
        &self,
        change: impl FnOnce(&mut ConductorState) -> Result<O, ConductorError>,
    ) -> Result<O, ConductorError> {
        self.update_state_and_init_properties("", &InitPropertiesMap::new(), change).await
    }

    async fn update_state_and_init_properties<O>(
        &self,
        app: &str,
        init_properties: &InitPropertiesMap,
        change: impl FnOnce(&mut ConductorState) -> Result<O, ConductorError>,
    ) -> Result<O, ConductorError> {
        let change = |state: Option<ConductorState>| {
            let mut state = state.unwrap_or_default();
            let output = change(&mut state)?;
            Ok::<_, ConductorError>((state, output))
        };
        // Changes come one after the other, here as in the database.
        let _turn = self.changing.lock().await;
        let output = self.stores.conductor.update_state(change, app, init_properties).await?;
        // Read again, because apps are found in the order that the database has them in.
        let stored = self.stores.conductor.as_read().load_state().await?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(stored.unwrap_or_default());
        Ok(output)
    }

    pub(crate) fn running(&self) -> Vec<Arc<Cell>> {
        self.cells.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The cell, if it can be called.
    ///
    /// # Errors
    /// [`CellMissing`](ConductorError::CellMissing) or [`CellNotRunning`](ConductorError::CellNotRunning).
    pub(crate) fn cell(&self, id: &CellId) -> Result<Arc<Cell>, ConductorError> {
        if let Some(cell) = self.cells.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Arc::clone(cell));
        }
        let state = self.state();
        Err(match state.find_app_containing_cell(id) {
            Some(app) => ConductorError::CellNotRunning(id.clone(), why_not_running(app, id)),
            None => ConductorError::CellMissing(id.clone()),
        })
    }

    /// The cell that has this role in the app of another cell.
    pub(crate) fn cell_of_role(&self, beside: &CellId, role: &str) -> Option<CellId> {
        use holochain_types::app::AppRoleAssignment;
        let state = self.state();
        let (_, app) = state.enabled_apps().find(|(_, app)| app.all_cells().any(|cell| cell == *beside))?;
        Some(match app.role(&role.to_owned()).ok()? {
            AppRoleAssignment::Primary(primary) => {
                CellId::new(primary.dna_hash().clone(), app.agent_key().clone())
            }
            AppRoleAssignment::Dependency(dependency) => dependency.cell_id.clone(),
        })
    }

    /// A call as a client signed it.
    ///
    /// # Errors
    /// The cell cannot be called, or the call failed.
    pub(crate) async fn call_signed(
        self: &Arc<Self>,
        signed: ZomeCallParamsSigned,
    ) -> Result<ZomeCallResponse, ApiError> {
        use holochain_keystore::AgentPubKeyExt as _;
        let params: ZomeCallParams =
            decode(signed.bytes.as_bytes()).map_err(|error| ApiError::SerializationError(error.into()))?;
        let hash = holo_hash::sha2_512(signed.bytes.as_bytes());
        if !params.provenance.verify_signature_raw(&signed.signature, hash.into()).await? {
            return Ok(ZomeCallResponse::AuthenticationFailed(signed.signature, params.provenance));
        }
        self.call_zome(params, Caller::default()).await
    }

    /// A call whose caller is known.
    ///
    /// # Errors
    /// As [`call_signed`](Self::call_signed).
    pub(crate) async fn call_zome(
        self: &Arc<Self>,
        params: ZomeCallParams,
        caller: Caller,
    ) -> Result<ZomeCallResponse, ApiError> {
        let cell = self.cell(&params.cell_id)?;
        // Boxed: a zome call may lead to others.
        Ok(Box::pin(workflow::call_zome(self, &cell, params, caller)).await?)
    }

    /// Sends a signal to the clients of the apps that have the cell.
    pub(crate) fn emit(&self, cell: &CellId, signal: holochain_types::signal::Signal) {
        if self.controls.drops_signals() {
            return;
        }
        let state = self.state();
        for (app, _) in state.enabled_apps().filter(|(_, app)| app.all_cells().any(|id| id == *cell)) {
            self.signals.send(app, signal.clone());
        }
    }
}

fn why_not_running(app: &InstalledApp, cell: &CellId) -> CellUnavailableReason {
    match &app.status {
        AppStatus::Disabled(reason) => CellUnavailableReason::AppDisabled(reason.clone()),
        AppStatus::AwaitingMemproofs => CellUnavailableReason::AppAwaitingMemproofs,
        AppStatus::Enabled if app.disabled_clone_cell_ids().any(|id| id == *cell) => {
            CellUnavailableReason::CloneCellDisabled
        }
        _ => CellUnavailableReason::NotStarted,
    }
}

/// How long a call waits for the `init` of its cell that another call runs, as `holochain` 0.7.1 does.
pub(crate) const INIT_PATIENCE: Duration = Duration::from_secs(30);

/// How many zome calls may lead to one another.
pub(crate) const MAX_CALL_DEPTH: usize = 32;
