//! Whether an installed app runs the code of a bundle.

use std::collections::{BTreeMap, HashMap};

use holochain_types::app::{AppBundle, AppRoleAssignment, InstalledAppId};
use holochain_types::prelude::{CellId, CoordinatorZomeDef, DnaDef, RoleName};

use super::Conductor;
use crate::bundle;
use crate::error::ConductorError;

/// A role of an installed app whose code differs from the bundle's.
pub(crate) struct OtherCode {
    pub(crate) role: RoleName,
    /// Its DNA is a different one, because its integrity zomes or its modifiers differ. Otherwise only its coordinator
    /// zomes do.
    pub(crate) is_other_dna: bool,
}

impl Conductor {
    /// The first role whose code differs from the bundle's; `None` if the app runs the bundle.
    ///
    /// # Errors
    /// There is no such app, the DNAs of the bundle cannot be read, or the database failed.
    pub(crate) async fn other_code(
        &self,
        id: &InstalledAppId,
        bundle: AppBundle,
    ) -> Result<Option<OtherCode>, ConductorError> {
        let resolved = bundle::resolve(bundle, HashMap::default(), HashMap::default()).await?;
        let state = self.apps().state();
        let app = state.get_app(id)?;
        let other = |role: &RoleName, is_other_dna| Some(OtherCode { role: role.clone(), is_other_dna });
        for (role, assignment) in &resolved.role_assignments {
            let AppRoleAssignment::Primary(primary) = assignment else { continue };
            let dna = primary.dna_hash();
            if !app.primary_roles().any(|(name, installed)| name == role && installed.dna_hash() == dna) {
                return Ok(other(role, true));
            }
            let files = resolved.dnas_to_register.iter().map(|(file, _)| file);
            let Some(file) = files.into_iter().find(|file| file.dna_hash() == dna) else { continue };
            let cell = CellId::new(dna.clone(), app.agent_key().clone());
            let runs = self.dnas().definition(&cell).await?;
            if coordinators(&runs.content) != coordinators(file.dna_def()) {
                return Ok(other(role, false));
            }
        }
        Ok(None)
    }
}

/// The coordinator zomes by their names: their order does not matter.
fn coordinators(dna: &DnaDef) -> BTreeMap<&str, &CoordinatorZomeDef> {
    dna.coordinator_zomes.iter().map(|(name, zome)| (name.0.as_ref(), zome)).collect()
}
