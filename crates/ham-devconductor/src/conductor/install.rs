//! Installing apps.

use std::sync::Arc;

use holochain_conductor_api::state::ConductorState;
use holochain_types::app::{
    AppBundle, AppManifest, CellProvisioning, ExistingCellsMap, InitPropertiesMap, InstallAppPayload,
    InstalledApp, InstalledAppCommon, InstalledAppId, MemproofMap, ModifiersMap, RoleSettings,
    RoleSettingsMap,
};
use holochain_types::prelude::{AgentPubKey, CellId, NetworkSeed, Timestamp};

use super::Conductor;
use crate::bundle;
use crate::error::ConductorError;

impl Conductor {
    /// Installs an app from its bundle, with a new key unless one is given.
    ///
    /// # Errors
    /// The bundle cannot be read, or as [`install_bundle`](Self::install_bundle).
    pub(crate) async fn install_app(
        &self,
        payload: InstallAppPayload,
    ) -> Result<InstalledApp, ConductorError> {
        if payload.restore_from_dht {
            let text = match payload.agent_key {
                Some(_) => "restore_from_dht needs a network, and an embedded conductor has none",
                None => "restore_from_dht requires agent_key to be specified",
            };
            return Err(ConductorError::InvalidInstallAppPayload(text.to_owned()));
        }
        // Checked with a signature: with fifty keys, the keystore's list of keys does not fit into one of its messages,
        // which ends the connection to it.
        if let Some(key) = &payload.agent_key
            && self.keystore().sign(key.clone(), Arc::new([])).await.is_err()
        {
            return Err(ConductorError::AgentKeyNotInKeystore(key.clone()));
        }
        let bundle = bundle::unpack(payload.source).await?;
        let params = InstallParams {
            id: payload.installed_app_id,
            agent_key: payload.agent_key,
            network_seed: payload.network_seed,
            roles: payload.roles_settings.unwrap_or_default(),
            ignore_genesis_failure: payload.ignore_genesis_failure,
        };
        self.install_bundle(bundle, params).await
    }

    /// The same with an unpacked bundle.
    ///
    /// # Errors
    /// Its DNAs cannot be read, the keystore cannot create a key, the id or a cell already exists, or a membrane
    /// rejects the agent. Nothing is installed then, unless a failed genesis is to be ignored.
    pub(crate) async fn install_bundle(
        &self,
        bundle: AppBundle,
        params: InstallParams,
    ) -> Result<InstalledApp, ConductorError> {
        let Settings { memproofs, modifiers, existing, init_properties } = Settings::of(params.roles);
        let mut manifest = bundle.manifest().to_owned();
        if let Some(seed) = params.network_seed {
            manifest.set_network_seed(seed);
        }
        manifest.override_modifiers(modifiers)?;
        let bundle = AppBundle::from(bundle.into_inner().update_manifest(manifest.clone())?);
        let AppManifest::V0(settings) = &manifest;
        let defer = settings.allow_deferred_memproofs && memproofs.is_empty();
        let id = params.id.unwrap_or_else(|| manifest.app_name().to_owned());
        if id.len() > LONGEST_ID {
            let text = format!("the app ID has {} bytes, but at most {LONGEST_ID} are allowed", id.len());
            return Err(ConductorError::InvalidInstallAppPayload(text));
        }
        let resolved = bundle::resolve(bundle, memproofs, existing).await?;
        init_properties_fit(&init_properties, &manifest)?;
        let agent = match params.agent_key {
            Some(key) => key,
            None => self.keystore().new_sign_keypair_random().await.map_err(keystore)?,
        };
        let cells = resolved.cells_to_create(agent.clone());
        let ids: Vec<CellId> = cells.iter().map(|(cell, _)| cell.clone()).collect();
        let creation = self.creations.begin(ids.clone()).map_err(ConductorError::CellAlreadyExists)?;
        let install = async {
            let state = self.apps().state();
            if let Some(cell) = ids.iter().find(|cell| state.find_app_containing_cell(cell).is_some()) {
                return Err(ConductorError::CellAlreadyExists(cell.clone()));
            }
            for (dna, _) in resolved.dnas_to_register {
                self.dnas().keep(&agent, dna).await?;
            }
            let (roles, now) = (resolved.role_assignments, Timestamp::now());
            let app = InstalledAppCommon::new(&id, agent, roles, manifest, now)?;
            if defer {
                return self.apps().update(|state| Ok(state.add_app_awaiting_memproofs(app)?)).await;
            }
            let add = |state: &mut ConductorState| Ok(state.add_app(app)?);
            let add = self.apps().update_with_init_properties(&id, &init_properties, add);
            match self.genesis(cells, &self.budget()).await {
                Err(error) if !params.ignore_genesis_failure => Err(error),
                Err(error) => add.await.and(Err(error)),
                Ok(()) => add.await,
            }
        };
        let installed = install.await;
        self.end_creation(creation).await?;
        installed
    }
}

/// How an app is installed. By default, the id is the manifest's, and the key is new.
#[derive(Default)]
pub(crate) struct InstallParams {
    pub(crate) id: Option<InstalledAppId>,
    pub(crate) agent_key: Option<AgentPubKey>,
    pub(crate) network_seed: Option<NetworkSeed>,
    pub(crate) roles: RoleSettingsMap,
    pub(crate) ignore_genesis_failure: bool,
}

/// The settings of an app's roles.
#[derive(Default)]
struct Settings {
    memproofs: MemproofMap,
    modifiers: ModifiersMap,
    existing: ExistingCellsMap,
    init_properties: InitPropertiesMap,
}

impl Settings {
    #[expect(deprecated, reason = "installed apps may still say it")]
    fn of(roles: RoleSettingsMap) -> Self {
        let mut all = Self::default();
        for (role, settings) in roles {
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

/// In bytes, like the length of a file name: ids appear in lists, logs and every answer about an app.
const LONGEST_ID: usize = 255;
