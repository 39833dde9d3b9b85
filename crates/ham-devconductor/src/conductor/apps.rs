//! The life of apps: installed, enabled, disabled, uninstalled.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use futures_util::future::join_all;
use holo_hash::DnaHash;
use holochain_conductor_api::{AppInfo, AppStatusFilter};
use holochain_types::app::{
    AppBundle, AppManifest, AppStatus, CellProvisioning, DisabledAppReason, ExistingCellsMap,
    InitPropertiesMap, InstallAppPayload, InstalledApp, InstalledAppCommon, InstalledAppId, MemproofMap,
    ModifiersMap, RoleSettings, RoleSettingsMap,
};
use holochain_types::dna::{CoordinatorBundle, DnaFile};
use holochain_types::prelude::{AgentPubKey, CellId, DnaDefHashed, MembraneProof, Timestamp};
use indexmap::IndexMap;

use super::{Cell, Conductor};
use crate::error::{CellError, ConductorError, RibosomeError, WorkflowError};
use crate::ribosome::Ribosome;
use crate::workflow;

/// What the settings of an app's roles say.
#[derive(Default)]
struct Settings {
    memproofs: MemproofMap,
    modifiers: ModifiersMap,
    existing: ExistingCellsMap,
    init_properties: InitPropertiesMap,
}

impl Settings {
    #[expect(deprecated, reason = "installed apps may still say it")]
    fn of(roles: Option<RoleSettingsMap>) -> Self {
        let mut all = Self::default();
        for (role, settings) in roles.unwrap_or_default() {
            match settings {
                RoleSettings::UseExisting { cell_id } => drop(all.existing.insert(role, cell_id)),
                RoleSettings::Provisioned { membrane_proof, modifiers, init_properties } => {
                    membrane_proof.and_then(|proof| all.memproofs.insert(role.clone(), proof));
                    modifiers.and_then(|modifiers| all.modifiers.insert(role.clone(), modifiers));
                    init_properties.and_then(|properties| all.init_properties.insert(role, properties));
                }
            }
        }
        all
    }
}

impl Conductor {
    /// Installs an app from its bundle, with a new key unless one is given.
    ///
    /// # Errors
    /// A bundle that is none, a key the keystore has not, an id or cells that are there already, a membrane that says no.
    /// Nothing is installed then, unless a failed genesis is to be ignored.
    pub(crate) async fn install_app(
        self: &Arc<Self>,
        payload: InstallAppPayload,
    ) -> Result<InstalledApp, ConductorError> {
        if payload.restore_from_dht {
            let text = match payload.agent_key {
                Some(_) => "restore_from_dht needs a network, which an embedded conductor has not",
                None => "restore_from_dht requires agent_key to be specified",
            };
            return Err(ConductorError::InvalidInstallAppPayload(text.to_owned()));
        }
        // Asked by a signature: the list of the keys of a keystore that has fifty does not fit into one of its messages, which
        // ends the connection to it.
        if let Some(key) = &payload.agent_key
            && self.keystore().sign(key.clone(), Arc::new([])).await.is_err()
        {
            return Err(ConductorError::AgentKeyNotInKeystore(key.clone()));
        }
        let Settings { memproofs, modifiers, existing, init_properties } =
            Settings::of(payload.roles_settings);
        let bundle = super::bundle::unpack(payload.source).await?;
        let mut manifest = bundle.manifest().to_owned();
        if let Some(seed) = payload.network_seed {
            manifest.set_network_seed(seed);
        }
        manifest.override_modifiers(modifiers)?;
        let bundle = AppBundle::from(bundle.into_inner().update_manifest(manifest.clone())?);
        let AppManifest::V0(settings) = &manifest;
        let defer = settings.allow_deferred_memproofs && memproofs.is_empty();
        let id = payload.installed_app_id.unwrap_or_else(|| manifest.app_name().to_owned());
        let resolved = super::bundle::resolve(bundle, memproofs, existing).await?;
        init_properties_fit(&init_properties, &manifest)?;
        let agent = match payload.agent_key {
            Some(key) => key,
            None => self.keystore().new_sign_keypair_random().await.map_err(keystore)?,
        };
        let cells = resolved.cells_to_create(agent.clone());
        let state = self.state();
        if let Some((cell, _)) = cells.iter().find(|(cell, _)| state.find_app_containing_cell(cell).is_some())
        {
            return Err(ConductorError::CellAlreadyExists(cell.clone()));
        }
        for (dna, _) in resolved.dnas_to_register {
            self.store_dna(&agent, dna).await?;
        }
        let app = InstalledAppCommon::new(&id, agent, resolved.role_assignments, manifest, Timestamp::now())?;
        if defer {
            return self.update_state(|state| Ok(state.add_app_awaiting_memproofs(app)?)).await;
        }
        let genesis = match self.genesis(cells).await {
            Err(error) if !payload.ignore_genesis_failure => return Err(error),
            genesis => genesis,
        };
        let add = |state: &mut holochain_conductor_api::state::ConductorState| Ok(state.add_app(app)?);
        let app = self.update_state_and_init_properties(&id, &init_properties, add).await?;
        genesis.map(|()| app)
    }

    /// Keeps code and definition of a DNA.
    async fn store_dna(&self, agent: &AgentPubKey, dna: DnaFile) -> Result<(), ConductorError> {
        for (hash, wasm) in dna.code() {
            if !self.stores.wasms.as_read().contains(hash).await? {
                let wasm = holo_hash::HoloHashed::with_pre_hashed(wasm.clone(), hash.clone());
                self.stores.wasms.put(wasm).await?;
            }
        }
        self.stores.definitions.put(agent, dna.dna_def()).await?;
        Ok(())
    }

    /// The zomes of a cell, loaded anew.
    pub(super) async fn load_ribosome(&self, cell: &CellId) -> Result<Arc<Ribosome>, ConductorError> {
        let definition = self.definition(cell).await?;
        Ok(Arc::new(Ribosome::load(definition, &self.stores.wasms, self.config().limits()).await?))
    }

    /// What a DNA is made of, as its cell has it.
    ///
    /// # Errors
    /// [`DnaDefMissing`](ConductorError::DnaDefMissing).
    pub(crate) async fn definition(&self, cell: &CellId) -> Result<DnaDefHashed, ConductorError> {
        let stored = self.stores.definitions.as_read().get(cell).await?;
        stored.ok_or_else(|| ConductorError::DnaDefMissing(cell.clone()))
    }

    /// Begins the chains of cells.
    ///
    /// # Errors
    /// [`GenesisFailed`](ConductorError::GenesisFailed) with every cell that failed.
    pub(super) async fn genesis(
        &self,
        cells: Vec<(CellId, Option<MembraneProof>)>,
    ) -> Result<(), ConductorError> {
        let genesis = async |cell: &CellId, proof| {
            let ribosome = self.load_ribosome(cell).await.map_err(Box::new)?;
            let dht = self.dht(cell.dna_hash()).await.map_err(Box::new)?;
            let done = workflow::genesis(cell, &ribosome, dht, self.keystore(), proof).await;
            done.map_err(|error| CellError::ConductorApiError(Box::new(error.into())))
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

    /// Starts cells, so that they can be called.
    pub(super) async fn start_cells(
        self: &Arc<Self>,
        cells: impl IntoIterator<Item = CellId>,
    ) -> Result<(), ConductorError> {
        for id in cells {
            let dht = self.dht(id.dna_hash()).await?;
            if !dht.as_read().has_genesis(id.agent_pubkey()).await? {
                return Err(CellError::CellWithoutGenesis(id).into());
            }
            let ribosome = self.load_ribosome(&id).await?;
            let cell = Arc::new(Cell::new(self, id.clone(), dht, ribosome));
            self.cells.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(cell);
        }
        Ok(())
    }

    pub(super) fn stop_cells(&self, cells: &[CellId]) {
        let mut running = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        running.retain(|id, _| !cells.contains(id));
    }

    /// Starts what was enabled before.
    pub(super) async fn start_apps(self: &Arc<Self>) -> Result<(), ConductorError> {
        let state = self.state();
        for (_, app) in state.enabled_apps() {
            self.start_cells(app.all_enabled_cells().collect::<Vec<_>>()).await?;
        }
        // Ephemeral schedules do not outlive a conductor.
        for cell in self.running() {
            let forgotten = cell.dht().delete_all_ephemeral_scheduled_functions().await;
            forgotten.map_err(|error| ConductorError::Other(error.to_string()))?;
        }
        Ok(())
    }

    /// Lets an app's cells be called. Enabling what is enabled does nothing.
    ///
    /// # Errors
    /// There is no such app, or it awaits membrane proofs.
    pub(crate) async fn enable_app(
        self: &Arc<Self>,
        id: &InstalledAppId,
    ) -> Result<InstalledApp, ConductorError> {
        let state = self.state();
        let app = state.get_app(id)?;
        let refused = |text: &str| Err(ConductorError::AppStatusError(text.to_owned()));
        match app.status {
            AppStatus::Enabled => return Ok(app.clone()),
            AppStatus::AwaitingMemproofs => {
                return refused("App is awaiting membrane proofs and cannot be enabled.");
            }
            AppStatus::AwaitingRestore | AppStatus::Unrecoverable(..) => {
                return refused("App is awaiting source chain restore and cannot be enabled.");
            }
            AppStatus::Disabled(_) => {}
        }
        self.start_cells(app.all_enabled_cells().collect::<Vec<_>>()).await?;
        self.set_status(id, AppStatus::Enabled).await
    }

    /// Stops an app's cells. Disabling what is disabled does nothing.
    ///
    /// # Errors
    /// There is no such app.
    pub(crate) async fn disable_app(&self, id: &InstalledAppId) -> Result<InstalledApp, ConductorError> {
        let state = self.state();
        let app = state.get_app(id)?;
        if matches!(app.status, AppStatus::Disabled(_)) {
            return Ok(app.clone());
        }
        self.stop_cells(&app.all_cells().collect::<Vec<_>>());
        self.set_status(id, AppStatus::Disabled(DisabledAppReason::User)).await
    }

    async fn set_status(
        &self,
        id: &InstalledAppId,
        status: AppStatus,
    ) -> Result<InstalledApp, ConductorError> {
        self.update_state(|state| {
            let app = state.get_app_mut(id)?;
            app.status = status;
            Ok(app.clone())
        })
        .await
    }

    /// Removes an app and the data of its cells, unless another app needs it.
    ///
    /// # Errors
    /// [`AppHasDependents`](ConductorError::AppHasDependents) unless forced, or there is no such app.
    pub(crate) async fn uninstall_app(&self, id: &InstalledAppId, force: bool) -> Result<(), ConductorError> {
        let state = self.state();
        let dependents = state.get_dependent_apps(id, true)?;
        if !force && !dependents.is_empty() {
            return Err(ConductorError::AppHasDependents(id.clone(), dependents));
        }
        let cells: Vec<CellId> = state.get_app(id)?.all_cells().collect();
        self.update_state(|state| Ok(state.remove_app(id)?)).await?;
        self.stop_cells(&cells);
        self.signals.close(id);
        self.remove_data(&cells).await
    }

    /// Removes the stores of DNAs that no app has any more.
    pub(super) async fn remove_data(&self, cells: &[CellId]) -> Result<(), ConductorError> {
        let state = self.state();
        let used: HashSet<DnaHash> = state
            .installed_apps()
            .values()
            .flat_map(|app| app.all_cells().map(|cell| cell.dna_hash().clone()).collect::<Vec<_>>())
            .collect();
        let gone: HashSet<&DnaHash> =
            cells.iter().map(CellId::dna_hash).filter(|dna| !used.contains(dna)).collect();
        for dna in gone {
            self.stores.remove_dht(dna).await?;
        }
        Ok(())
    }

    /// Gives an app the proofs it awaits, and begins its chains.
    ///
    /// # Errors
    /// There is no such app, or a membrane says no.
    pub(crate) async fn provide_memproofs(
        &self,
        id: &InstalledAppId,
        mut proofs: MemproofMap,
    ) -> Result<(), ConductorError> {
        let state = self.state();
        let app = state.get_app(id)?;
        let cell = |dna: &DnaHash| CellId::new(dna.clone(), app.agent_key().clone());
        let cells =
            app.primary_roles().map(|(role, primary)| (cell(primary.dna_hash()), proofs.remove(role)));
        self.genesis(cells.collect()).await?;
        self.set_status(id, AppStatus::Disabled(DisabledAppReason::NotStartedAfterProvidingMemproofs))
            .await?;
        Ok(())
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
        let definition =
            self.definition(cell_id).await.map_err(|_| ConductorError::CellMissing(cell_id.clone()))?;
        let definition = definition.content.replace_coordinators(zomes).map_err(RibosomeError::from)?;
        for wasm in wasms {
            if !self.stores.wasms.as_read().contains(&wasm.hash).await? {
                self.stores.wasms.put(wasm).await?;
            }
        }
        // Loaded before it is kept, so that what cannot be loaded changes nothing.
        let limits = self.config().limits();
        let ribosome = Arc::new(Ribosome::load(definition.clone(), &self.stores.wasms, limits).await?);
        self.stores.definitions.put(cell_id.agent_pubkey(), &definition.content).await?;
        if let Ok(cell) = self.cell(cell_id) {
            cell.set_ribosome(ribosome);
        }
        Ok(())
    }

    /// What clients see of an app, `None` for one that is not installed.
    pub(crate) async fn app_info(&self, id: &InstalledAppId) -> Result<Option<AppInfo>, ConductorError> {
        let state = self.state();
        match state.get_app(id) {
            Ok(app) => Ok(Some(self.info_of(app).await?)),
            Err(_) => Ok(None),
        }
    }

    pub(crate) async fn info_of(&self, app: &InstalledApp) -> Result<AppInfo, ConductorError> {
        let mut definitions = IndexMap::new();
        for cell in app.all_cells() {
            let definition = self.definition(&cell).await?;
            definitions.insert(cell, definition);
        }
        Ok(AppInfo::from_installed_app(app, &definitions))
    }

    /// The newest first.
    pub(crate) async fn list_apps(
        &self,
        filter: Option<AppStatusFilter>,
    ) -> Result<Vec<AppInfo>, ConductorError> {
        let state = self.state();
        let wanted = |app: &&InstalledApp| match (&filter, &app.status) {
            (None, _)
            | (Some(AppStatusFilter::Enabled), AppStatus::Enabled)
            | (Some(AppStatusFilter::Disabled), AppStatus::Disabled(_))
            | (Some(AppStatusFilter::AwaitingMemproofs), AppStatus::AwaitingMemproofs)
            | (Some(AppStatusFilter::AwaitingRestore), AppStatus::AwaitingRestore)
            | (Some(AppStatusFilter::Unrecoverable), AppStatus::Unrecoverable(..)) => true,
            (Some(_), _) => false,
        };
        let mut infos = Vec::new();
        for app in state.installed_apps().values().filter(wanted) {
            infos.push(self.info_of(app).await?);
        }
        infos.sort_by_key(|info| std::cmp::Reverse(info.installed_at));
        Ok(infos)
    }

    /// The DNAs that are known.
    pub(crate) async fn list_dnas(&self) -> Result<Vec<DnaHash>, ConductorError> {
        Ok(self.stores.definitions.as_read().list_dna_hashes().await?.into_iter().collect())
    }
}

fn init_properties_fit(properties: &InitPropertiesMap, manifest: &AppManifest) -> Result<(), ConductorError> {
    for name in properties.keys() {
        let role = manifest.app_roles().into_iter().find(|role| role.name == *name);
        let role = role.ok_or_else(|| {
            ConductorError::InitPropertiesError(format!("init_properties specifies unknown role '{name}'"))
        })?;
        if !matches!(role.provisioning, None | Some(CellProvisioning::Create { .. })) {
            let text = format!("init_properties specifies role '{name}' which is not a provisioned cell");
            return Err(ConductorError::InitPropertiesError(text));
        }
    }
    Ok(())
}

fn keystore(error: impl ToString) -> ConductorError {
    ConductorError::KeystoreError(holochain_keystore::KeystoreError::Other(error.to_string()))
}

impl From<WorkflowError> for CellError {
    fn from(error: WorkflowError) -> Self {
        Self::WorkflowError(Box::new(error))
    }
}
