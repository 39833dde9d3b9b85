//! Which cells run, and how they start to.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, Weak};

use futures_util::future::join_all;
use holochain_types::app::InstalledAppId;
use holochain_types::prelude::{CellId, MembraneProof};

use super::Conductor;
use super::callable::Callable;
use crate::budget::Budget;
use crate::cell::{Cell, Shared};
use crate::dialect::Dialect;
use crate::error::{CellError, ConductorError, GenesisError, LoadError};
use crate::work::Tasks;
use crate::workflow;

impl Conductor {
    pub(crate) fn running(&self) -> Vec<Arc<Cell>> {
        self.cells
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(|running| running.cell())
            .collect()
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
        let running = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        let cell = running.get(id).map(Callable::cell);
        drop(running);
        cell.ok_or_else(|| self.apps().why_not_running(id))
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
            closing: self.life().closing().clone(),
            faults: Arc::clone(&self.faults),
            schedules: Arc::clone(&self.schedules),
            limits: self.config().limits,
            closes_chains: Dialect::of(self.config().release).closes_chains,
        }
    }

    /// Starts cells that an app has and that do not run, if they should.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub(super) async fn start_cells(
        self: &Arc<Self>,
        cells: impl IntoIterator<Item = CellId>,
        budget: &Budget,
    ) -> Result<(), ConductorError> {
        let running: HashSet<CellId> = self.running_ids().into_iter().collect();
        let cells = cells.into_iter().filter(|cell| !running.contains(cell)).collect();
        let ready = self.prepare(cells, budget).await?;
        self.settle(ready, &[]);
        Ok(())
    }

    /// Prepares cells that an app has or is about to have.
    ///
    /// # Errors
    /// Code of a cell cannot be loaded, it has no chain, or no app has it any more.
    pub(super) async fn prepare(
        self: &Arc<Self>,
        cells: Vec<CellId>,
        budget: &Budget,
    ) -> Result<Vec<Arc<Cell>>, ConductorError> {
        let mut loaded = Vec::new();
        for id in cells {
            loaded.push((self.dnas().load(&id, budget).await?, id));
        }
        let mut ready = Vec::new();
        for (ribosome, id) in loaded {
            let Some(dht) = self.store_of(id.dna_hash()).await? else {
                return Err(ConductorError::CellMissing(id));
            };
            if !dht.as_read().has_genesis(id.agent_pubkey()).await? {
                return Err(CellError::CellWithoutGenesis(id).into());
            }
            let Some(schedules) = self.dhts().schedules(&id).await else {
                return Err(ConductorError::CellMissing(id));
            };
            ready.push(Arc::new(Cell::new(id, self.shared(), (dht, schedules), ribosome)));
        }
        Ok(ready)
    }

    /// Starts the prepared cells and stops the running ones among the others, according to the current state of their
    /// apps; in cells that no app has any more, it also ends what is running. To change an app, first change its state
    /// and then call this: if changes overlap, the state after the last one decides which cells run.
    pub(super) fn settle(&self, ready: Vec<Arc<Cell>>, others: &[CellId]) {
        let mut running = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        let enabled = self.apps().enabled_cells();
        for cell in ready.into_iter().filter(|cell| enabled.contains(cell.id())) {
            running.entry(cell.id().clone()).or_insert_with(|| {
                let callable = Callable::new(Arc::clone(&cell));
                self.life().tasks().spawn(workflow::follow_schedules(cell));
                callable
            });
        }
        for id in others.iter().filter(|id| !enabled.contains(id)) {
            running.remove(id);
            if self.apps().state().find_app_containing_cell(id).is_none() {
                self.turns.end(id);
            }
        }
    }

    /// Stops all cells, whatever their apps say.
    pub(super) fn stop_all(&self) {
        self.cells.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Begins the chains of cells.
    ///
    /// # Errors
    /// [`GenesisFailed`](ConductorError::GenesisFailed) with every cell that failed.
    pub(super) async fn genesis(
        &self,
        cells: Vec<(CellId, Option<MembraneProof>)>,
        budget: &Budget,
    ) -> Result<(), ConductorError> {
        let genesis = async |cell: &CellId, proof| {
            let ribosome = self.dnas().load(cell, budget).await.map_err(Box::new)?;
            let dht = self.store_of(cell.dna_hash()).await.map_err(Box::new)?;
            let dht = dht.ok_or_else(|| Box::new(LoadError::DnaDefMissing(cell.clone())))?;
            // If several begin the same chain, one of them does it.
            let turn = self.turns.of(cell);
            let _turn = turn.lock().await;
            let done = workflow::genesis(cell, &ribosome, dht, self.keystore(), proof, budget).await;
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
}
