//! A running cell: one agent in one DNA.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use holochain_keystore::MetaLairClient;
use holochain_nonce::fresh_nonce;
use holochain_state::DhtStore;
use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_state::source_chain::SourceChainResult;
use holochain_types::prelude::{
    CellId, ExternIO, FunctionName, InitProperties, Timestamp, ZomeCallParams, ZomeName,
};
use tokio::sync::{Mutex, MutexGuard};

use super::Conductor;
use super::known_grants::KnownGrants;
use crate::error::{ConductorError, WorkflowError};
use crate::dialect::Dialect;
use crate::ribosome::Ribosome;

pub(crate) struct Cell {
    id: CellId,
    conductor: Weak<Conductor>,
    keystore: MetaLairClient,
    dht: DhtStore,
    /// Replaced when the coordinators are updated.
    ribosome: RwLock<Arc<Ribosome>>,
    grants: KnownGrants,
    init: Mutex<()>,
    is_initialized: AtomicBool,
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cell").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Cell {
    pub(super) fn new(
        conductor: &Arc<Conductor>,
        id: CellId,
        dht: DhtStore,
        ribosome: Arc<Ribosome>,
    ) -> Self {
        Self {
            id,
            conductor: Arc::downgrade(conductor),
            keystore: conductor.keystore().clone(),
            dht,
            ribosome: RwLock::new(ribosome),
            grants: KnownGrants::default(),
            init: Mutex::default(),
            is_initialized: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> &CellId {
        &self.id
    }

    /// # Errors
    /// It has been stopped.
    pub(crate) fn conductor(&self) -> Result<Arc<Conductor>, ConductorError> {
        self.conductor.upgrade().ok_or_else(|| ConductorError::Other("the conductor has stopped".to_owned()))
    }

    pub(crate) fn keystore(&self) -> &MetaLairClient {
        &self.keystore
    }

    /// The store of its DNA, shared by all cells of it.
    pub(crate) fn dht(&self) -> DhtStore {
        self.dht.clone()
    }

    /// What its agent lets others call.
    pub(crate) fn grants(&self) -> &KnownGrants {
        &self.grants
    }

    /// Its chain as it is now, to be written to.
    pub(crate) async fn workspace(&self) -> SourceChainResult<SourceChainWorkspace> {
        SourceChainWorkspace::new(self.dht(), self.keystore.clone(), self.id.agent_pubkey().clone()).await
    }

    /// A call by its agent, with a nonce of its own, good by the conductor's clock.
    ///
    /// # Errors
    /// The clock is where no time to come can be told.
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

    pub(super) fn set_ribosome(&self, ribosome: Arc<Ribosome>) {
        *self.ribosome.write().unwrap_or_else(PoisonError::into_inner) = ribosome;
    }

    /// Whoever holds it may run `init`.
    pub(crate) async fn init_turn(&self) -> MutexGuard<'_, ()> {
        self.init.lock().await
    }

    /// Whether `init` is known to have run.
    pub(crate) fn is_initialized(&self) -> bool {
        self.is_initialized.load(Ordering::Acquire)
    }

    pub(crate) fn set_initialized(&self) {
        self.is_initialized.store(true, Ordering::Release);
    }

    /// Whether the end of its chain closes it for its own commits.
    pub(crate) fn closes_chains(&self) -> bool {
        let release = self.conductor.upgrade().map(|conductor| conductor.config().release);
        Dialect::of(release.unwrap_or_default()).closes_chains
    }

    /// By the conductor's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.conductor.upgrade().map_or_else(Timestamp::now, |conductor| conductor.now())
    }

    /// What was given for the `init` of its role; gone once that passed.
    pub(crate) async fn init_properties(&self) -> Result<Option<InitProperties>, ConductorError> {
        let conductor = self.conductor()?;
        let Some((app, role)) = self.role(&conductor) else { return Ok(None) };
        Ok(conductor.store().as_read().get_init_properties(&app, &role).await?)
    }

    pub(crate) async fn forget_init_properties(&self) -> Result<(), WorkflowError> {
        let Ok(conductor) = self.conductor() else { return Ok(()) };
        let Some((app, role)) = self.role(&conductor) else { return Ok(()) };
        Ok(conductor.store().delete_init_properties(&app, &role).await?)
    }

    fn role(&self, conductor: &Conductor) -> Option<(String, String)> {
        let state = conductor.state();
        let app = state.find_app_containing_cell(&self.id)?;
        let mut cells = app.provisioned_cells();
        let role = cells.find(|(_, id)| *id == self.id).map(|(role, _)| role.clone())?;
        Some((app.id().clone(), role))
    }
}
