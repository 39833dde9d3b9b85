//! The names of a DNA's zomes, entry types and functions.

use ham_devconductor::ZomeView;
use holochain_types::prelude::{EntryDefId, EntryType, EntryVisibility, ZomeIndex};
use serde_json::{Value, json};

/// The names, as its zomes give them.
#[derive(Debug, Default)]
pub(crate) struct Types {
    /// Integrity zomes with their entry types, in order.
    integrity: Vec<(String, Vec<(String, bool)>)>,
    coordinators: Vec<(String, Vec<String>)>,
}

impl Types {
    pub(crate) fn of(zomes: &[ZomeView]) -> Self {
        let mut types = Self::default();
        for zome in zomes {
            let name = zome.name.to_string();
            if zome.is_integrity {
                let entries = zome.entry_types.iter().map(|entry| {
                    let id = match &entry.id {
                        EntryDefId::App(name) => name.0.to_string(),
                        EntryDefId::CapClaim => "capability claim".to_owned(),
                        EntryDefId::CapGrant => "capability grant".to_owned(),
                    };
                    (id, entry.visibility == EntryVisibility::Private)
                });
                types.integrity.push((name, entries.collect()));
            } else {
                let functions = zome.exports.iter().filter(|name| is_function(name)).cloned();
                types.coordinators.push((name, functions.collect()));
            }
        }
        types.tell_apart();
        types
    }

    /// Different zomes may use the same name for their types.
    fn tell_apart(&mut self) {
        let all = self.integrity.iter().flat_map(|(_, entries)| entries.iter().map(|(name, _)| name.clone()));
        let all: Vec<String> = all.collect();
        for (zome, entries) in &mut self.integrity {
            for (name, _) in entries {
                if all.iter().filter(|other| *other == name).count() > 1 {
                    *name = format!("{name} ({zome})");
                }
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.integrity.is_empty() && self.coordinators.is_empty()
    }

    /// Zome and name of an entry's type; system types have no zome.
    pub(crate) fn entry(&self, entry: &EntryType) -> (Option<String>, String) {
        match entry {
            EntryType::AgentPubKey => (None, "Agent".to_owned()),
            EntryType::CapClaim => (None, "CapClaim".to_owned()),
            EntryType::CapGrant => (None, "CapGrant".to_owned()),
            EntryType::App(app) => {
                let zome = self.zome(app.zome_index);
                let known = self.integrity.get(usize::from(app.zome_index.0));
                let known = known.and_then(|(_, entries)| entries.get(usize::from(app.entry_index.0)));
                let name =
                    known.map_or_else(|| format!("entry {}", app.entry_index.0), |(name, _)| name.clone());
                (zome, name)
            }
        }
    }

    /// The integrity zome with an index.
    pub(crate) fn zome(&self, index: ZomeIndex) -> Option<String> {
        self.integrity.get(usize::from(index.0)).map(|(name, _)| name.clone())
    }

    pub(crate) fn json(&self) -> Value {
        let coordinators = self.coordinators.iter();
        let zomes = coordinators
            .map(|(name, functions)| json!({ "name": name, "kind": "coordinator", "functions": functions }));
        let integrity = self.integrity.iter();
        let integrity =
            integrity.map(|(name, _)| json!({ "name": name, "kind": "integrity", "functions": [] }));
        let entries = self.integrity.iter().flat_map(|(zome, entries)| {
            entries.iter().map(move |(name, private)| {
                json!({ "name": name, "zome": zome, "visibility": if *private { "private" } else { "public" } })
            })
        });
        json!({ "zomes": zomes.chain(integrity).collect::<Vec<_>>(), "entry_types": entries.collect::<Vec<_>>() })
    }
}

/// Excludes exports that only a conductor calls, and exports that are not functions.
fn is_function(export: &str) -> bool {
    let callback = |name: &str| {
        ["validate", "genesis_self_check"].iter().any(|callback| name.starts_with(callback))
            || ["init", "post_commit", "entry_defs", "memory", "recv_remote_signal"].contains(&name)
    };
    !export.starts_with('_') && !callback(export)
}

#[cfg(test)]
mod tests {
    use super::is_function;

    #[test]
    fn callbacks_are_not_offered() {
        let exports =
            ["create_post", "__num_entry_types", "_x", "init", "validate", "genesis_self_check_2", "memory"];
        let offered: Vec<_> = exports.into_iter().filter(|name| is_function(name)).collect();
        assert_eq!(offered, ["create_post"]);
    }
}
