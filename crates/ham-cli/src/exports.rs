//! The functions of a zome's module.

use holochain_types::dna::DnaFile;
use holochain_types::prelude::ZomeName;
use wasmparser::{ExternalKind, Parser, Payload};

/// The functions that the zome's module exports for callers.
pub(crate) fn functions(dna: &DnaFile, zome: &ZomeName) -> Option<Vec<String>> {
    let code = dna.get_wasm_for_zome(zome).ok()?.clone().code();
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(&code) {
        let Payload::ExportSection(exports) = payload.ok()? else { continue };
        for export in exports {
            let export = export.ok()?;
            if export.kind == ExternalKind::Func && is_for_callers(export.name) {
                functions.push(export.name.to_owned());
            }
        }
    }
    Some(functions)
}

/// Whether a function is there for callers.
pub(crate) fn is_for_callers(function: &str) -> bool {
    !function.starts_with("__") && !CALLBACKS.contains(&function)
}

/// Functions that only a conductor calls.
const CALLBACKS: [&str; 6] =
    ["entry_defs", "genesis_self_check", "init", "post_commit", "recv_remote_signal", "validate"];
