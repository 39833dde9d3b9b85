//! The cells that run, and the calls of them.

use std::sync::{Arc, PoisonError, Weak};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use holochain_conductor_api::ZomeCallParamsSigned;
use holochain_keystore::AgentPubKeyExt as _;
use holochain_types::app::{
    CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload, EnableCloneCellPayload,
    InstalledAppId,
};
use holochain_types::dna::CoordinatorBundle;
use holochain_types::prelude::{CellId, ClonedCell, MembraneProof, ZomeCallParams, ZomeCallResponse};

use super::Conductor;
use crate::budget::Budget;
use crate::cell::{Caller, Cell, Home, Shared};
use crate::decode::decode;
use crate::dialect::Dialect;
use crate::error::{ApiError, CellError, ConductorError, GenesisError, RibosomeError};
use crate::observe::{CallId, Event, Trace};
use crate::work::Tasks;
use crate::workflow;

impl Conductor {
    pub(crate) fn running(&self) -> Vec<Arc<Cell>> {
        self.cells.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(crate) fn running_ids(&self) -> Vec<CellId> {
        self.cells.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The cells of an app that run.
    pub(crate) fn running_of(&self, app: &InstalledAppId) -> Vec<CellId> {
        let state = self.apps().state();
        let Ok(app) = state.get_app(app) else { return Vec::new() };
        let running = self.running_ids().into_iter();
        running.filter(|cell| app.all_cells().any(|id| id == *cell)).collect()
    }

    /// The cell, if it can be called.
    ///
    /// # Errors
    /// [`CellMissing`](ConductorError::CellMissing) or [`CellNotRunning`](ConductorError::CellNotRunning).
    pub(crate) fn cell(&self, id: &CellId) -> Result<Arc<Cell>, ConductorError> {
        let running = self.cells.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        running.ok_or_else(|| self.apps().why_not_running(id))
    }

    /// A call as a client signed it.
    ///
    /// # Errors
    /// The cell cannot be called, or the call failed.
    pub(crate) async fn call_signed(
        &self,
        signed: ZomeCallParamsSigned,
    ) -> Result<ZomeCallResponse, ApiError> {
        let mut params: ZomeCallParams =
            decode(signed.bytes.as_bytes()).map_err(|error| ApiError::SerializationError(error.into()))?;
        let hash = holo_hash::sha2_512(signed.bytes.as_bytes());
        if !params.provenance.verify_signature_raw(&signed.signature, hash.into()).await? {
            return Ok(ZomeCallResponse::AuthenticationFailed(signed.signature, params.provenance));
        }
        // Its client tells the time by its own clock.
        params.expires_at = self.clock().of_system(params.expires_at);
        self.call_zome(params, Caller::root(self.budget())).await
    }

    /// A call whose caller is known.
    ///
    /// # Errors
    /// As [`call_signed`](Self::call_signed).
    async fn call_zome(&self, params: ZomeCallParams, caller: Caller) -> Result<ZomeCallResponse, ApiError> {
        self.call_watched(params, caller).await.1
    }

    /// The same, with the name that watchers know the call by; there is none where nobody watches.
    pub(crate) async fn call_watched(
        &self,
        params: ZomeCallParams,
        Caller { workspace, budget }: Caller,
    ) -> (Option<CallId>, Result<ZomeCallResponse, ApiError>) {
        let watched = budget.trace().begin(self.feed(), &params);
        let caller = Caller { workspace, budget: budget.with_trace(watched.trace()) };
        let answer = async {
            let cell = self.cell(&params.cell_id)?;
            Ok(workflow::call_zome(&cell, params, caller).await?)
        };
        let (id, answer) = (watched.id(), answer.await);
        watched.end(&answer);
        (id, answer)
    }

    /// That of a root call.
    pub(super) fn budget(&self) -> Budget {
        Budget::new(self.config().limits).with_trace(Trace::of(self.feed()))
    }

    fn shared(self: &Arc<Self>) -> Shared {
        let home: Weak<Self> = Arc::downgrade(self);
        Shared {
            home,
            keystore: self.keystore().clone(),
            apps: Arc::clone(self.apps()),
            nonces: Arc::clone(&self.stores.nonces),
            turns: Arc::clone(&self.turns),
            signals: Arc::clone(&self.signals),
            clock: self.clock().clone(),
            feed: Arc::clone(self.feed()),
            tasks: Tasks::new(self.life().tasks().clone(), self.work().clone()),
            faults: Arc::clone(&self.faults),
            limits: self.config().limits,
            closes_chains: Dialect::of(self.config().release).closes_chains,
        }
    }

    /// Starts cells, so that they can be called.
    pub(super) async fn start_cells(
        self: &Arc<Self>,
        cells: impl IntoIterator<Item = CellId>,
    ) -> Result<(), ConductorError> {
        for id in cells {
            let dht = self.dhts().open(id.dna_hash()).await?;
            if !dht.as_read().has_genesis(id.agent_pubkey()).await? {
                return Err(CellError::CellWithoutGenesis(id).into());
            }
            let ribosome = self.dnas().load(&id).await?;
            let cell = Arc::new(Cell::new(id.clone(), self.shared(), dht, ribosome));
            self.cells.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(cell);
        }
        Ok(())
    }

    /// Stops cells: they can be called no more.
    pub(super) fn stop_cells(&self, cells: &[CellId]) {
        let mut running = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        running.retain(|id, _| !cells.contains(id));
    }

    /// Begins the chains of cells.
    ///
    /// # Errors
    /// [`GenesisFailed`](ConductorError::GenesisFailed) with every cell that failed.
    pub(super) async fn genesis(
        &self,
        cells: Vec<(CellId, Option<MembraneProof>)>,
    ) -> Result<(), ConductorError> {
        // A call that clones waits for this, on one of the threads that may block.
        let budget = self.budget();
        let budget = budget.nested().unwrap_or(budget);
        let genesis = async |cell: &CellId, proof| {
            let ribosome = self.dnas().load(cell).await.map_err(Box::new)?;
            let dht = self.dhts().open(cell.dna_hash()).await.map_err(Box::new)?;
            // Of several that begin one chain, one does.
            let turn = self.turns.of(cell);
            let _turn = turn.lock().await;
            let done = workflow::genesis(cell, &ribosome, dht, self.keystore(), proof, &budget).await;
            done.map_err(|error| CellError::ConductorApiError(GenesisError::from(Box::new(error))))
        };
        let all = cells.into_iter().map(async |(cell, proof)| {
            let result: Result<(), CellError> = genesis(&cell, proof).await;
            (cell, result)
        });
        let failed =
            |(cell, result): (CellId, Result<(), CellError>)| result.err().map(|error| (cell, error));
        let errors: Vec<_> = join_all(all).await.into_iter().filter_map(failed).collect();
        if errors.is_empty() { Ok(()) } else { Err(ConductorError::GenesisFailed { errors }) }
    }

    /// Replaces the coordinator zomes of a cell; its chain and its integrity zomes stay.
    ///
    /// # Errors
    /// The cell is unknown, or the bundle lacks code that it names.
    pub(crate) async fn update_coordinators(
        &self,
        cell_id: &CellId,
        bundle: CoordinatorBundle,
    ) -> Result<(), ConductorError> {
        let (zomes, wasms) = bundle.into_zomes().await?;
        let definition = self
            .dnas()
            .definition(cell_id)
            .await
            .map_err(|_| ConductorError::CellMissing(cell_id.clone()))?;
        let names = zomes.iter().map(|(name, _)| name.clone()).collect();
        let definition = definition.content.replace_coordinators(zomes).map_err(RibosomeError::from)?;
        for wasm in wasms {
            self.dnas().keep_code(wasm).await?;
        }
        // Loaded before it is kept, so that what cannot be loaded changes nothing.
        let ribosome = self.dnas().load_definition(definition.clone()).await?;
        self.dnas().keep_definition(cell_id.agent_pubkey(), &definition.content).await?;
        if let Ok(cell) = self.cell(cell_id) {
            cell.set_ribosome(ribosome);
        }
        self.feed().tell(|| Event::Reloaded { cell: cell_id.clone(), zomes: names });
        Ok(())
    }
}

impl Home for Conductor {
    fn call_zome(
        self: Arc<Self>,
        params: ZomeCallParams,
        caller: Caller,
    ) -> BoxFuture<'static, Result<ZomeCallResponse, ApiError>> {
        async move { Self::call_zome(&self, params, caller).await }.boxed()
    }

    fn create_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: CreateCloneCellPayload,
    ) -> BoxFuture<'static, Result<ClonedCell, ConductorError>> {
        async move { Self::create_clone_cell(&self, &app, payload).await }.boxed()
    }

    fn disable_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: DisableCloneCellPayload,
    ) -> BoxFuture<'static, Result<(), ConductorError>> {
        async move { Self::disable_clone_cell(&self, &app, &payload).await }.boxed()
    }

    fn enable_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: EnableCloneCellPayload,
    ) -> BoxFuture<'static, Result<ClonedCell, ConductorError>> {
        async move { Self::enable_clone_cell(&self, &app, &payload).await }.boxed()
    }

    fn delete_clone_cell(
        self: Arc<Self>,
        payload: DeleteCloneCellPayload,
    ) -> BoxFuture<'static, Result<(), ConductorError>> {
        async move { Self::delete_clone_cell(&self, &payload).await }.boxed()
    }
}
