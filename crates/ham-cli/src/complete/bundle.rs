//! What a bundle has in it.

use std::path::Path;

use holochain_types::app::AppBundle;
use holochain_types::dna::DnaFile;
use holochain_types::prelude::ZomeName;
use wasmparser::{ExternalKind, Parser, Payload};

use super::known::{Roles, Zomes};
use crate::input;

/// The roles of the app in this file, with their zomes and functions.
pub(super) async fn roles(file: &Path) -> Option<Roles> {
    // Standard input is the shell's.
    if file.as_os_str() == "-" {
        return None;
    }
    let bytes = input::bundle(file).await.ok()?;
    let bundle = AppBundle::unpack(&*bytes).ok()?;
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

/// What the zome's module exports for its callers.
fn functions(dna: &DnaFile, zome: &ZomeName) -> Option<Vec<String>> {
    let code = dna.get_wasm_for_zome(zome).ok()?.clone().code();
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(&code) {
        let Payload::ExportSection(exports) = payload.ok()? else { continue };
        for export in exports {
            let export = export.ok()?;
            let named = export.kind == ExternalKind::Func && !export.name.starts_with("__");
            if named && !CALLBACKS.contains(&export.name) {
                functions.push(export.name.to_owned());
            }
        }
    }
    Some(functions)
}

/// What a conductor calls, and nobody else.
const CALLBACKS: [&str; 6] =
    ["entry_defs", "genesis_self_check", "init", "post_commit", "recv_remote_signal", "validate"];
