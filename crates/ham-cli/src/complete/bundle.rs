//! The contents of a bundle.

use std::path::Path;

use holochain_types::dna::DnaFile;

use super::known::{Roles, Zomes};
use crate::code;
use crate::exports::functions;
use crate::input;

/// The roles of the app in this file, with their zomes and functions.
pub(crate) async fn roles(file: &Path) -> Option<Roles> {
    // Standard input belongs to the shell.
    if file.as_os_str() == "-" {
        return None;
    }
    let bytes = input::bundle(file).await.ok()?;
    let bundle = code::unpacked(&bytes).ok()?;
    let resolved = bundle.resolve_cells(Default::default(), Default::default()).await.ok()?;
    let roles = resolved.role_assignments.into_iter().map(|(role, assigned)| {
        let dna = assigned.as_primary().and_then(|role| {
            resolved.dnas_to_register.iter().find(|(dna, _)| *dna.dna_hash() == role.base_dna_hash)
        });
        (role, dna.map(|(dna, _)| zomes(dna)).unwrap_or_default())
    });
    Some(roles.collect())
}

fn zomes(dna: &DnaFile) -> Zomes {
    let names = dna.dna_def().coordinator_zomes.iter().map(|(name, _)| name);
    names.map(|name| (name.to_string(), functions(dna, name).unwrap_or_default())).collect()
}
