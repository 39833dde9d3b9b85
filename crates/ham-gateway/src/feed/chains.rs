//! The names of chains.

use std::collections::BTreeMap;

use crate::config::Config;

/// The names of chains: `{app}`, `{app}/{role}`, and those that the configuration gives to some of them.
#[derive(Clone, Debug)]
pub(super) struct Chains {
    apps: Vec<String>,
    /// The chain of each given name.
    given: BTreeMap<String, String>,
}

impl Chains {
    pub(super) fn of(config: &Config) -> Self {
        let apps = config.app.iter().map(|app| app.id.clone()).collect();
        Self { apps, given: config.feed.chains.clone() }
    }

    /// Whether there is a chain of this name. Only the conductor knows which roles an app has.
    pub(super) fn has(&self, name: &str) -> bool {
        let (app, role) = match name.split_once('/') {
            Some((app, role)) => (app, Some(role)),
            None => (name, None),
        };
        let is_role = role.is_none_or(|role| !role.is_empty() && !role.contains('/'));
        self.given.contains_key(name) || (is_role && self.apps.iter().any(|known| known == app))
    }

    /// The names that are known without a conductor.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().chain(&self.apps).map(String::as_str)
    }

    /// All names of the chain with this name.
    pub(super) fn names_of(&self, name: &str) -> Vec<String> {
        let chain = self.given.get(name).map_or(name, String::as_str);
        let given = self.given.iter().filter(|(_, of)| *of == chain).map(|(name, _)| name.clone());
        std::iter::once(chain.to_owned()).chain(given).collect()
    }

    /// The given names of all chains of an app, with those chains.
    pub(super) fn given_of(&self, app: &str) -> impl Iterator<Item = String> {
        let is_of = move |chain: &str| chain.split('/').next() == Some(app);
        let given = self.given.iter().filter(move |(_, chain)| is_of(chain));
        given.flat_map(|(name, chain)| [name.clone(), chain.clone()])
    }

    /// All names under which events in a cell of this role are told; without a role, in any cell of the app.
    pub(super) fn of_cell(&self, app: &str, role: Option<&str>) -> Vec<String> {
        let mut names = role.map(|role| self.names_of(&format!("{app}/{role}"))).unwrap_or_default();
        names.extend(self.names_of(app));
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_its_own_name_and_those_it_was_given() {
        let mut config = Config::dev(1, ["supply".to_owned()]);
        let given = [("supply_chain", "supply/main"), ("steel", "supply/main"), ("all", "supply")];
        config.feed.chains = given.map(|(name, of)| (name.to_owned(), of.to_owned())).into();
        let chains = Chains::of(&config);
        for name in ["supply", "supply/main", "supply/main.0", "supply_chain", "all"] {
            assert!(chains.has(name), "{name}");
        }
        for name in ["", "other", "other/main", "supply/", "supply/main/x", "Supply"] {
            assert!(!chains.has(name), "{name}");
        }
        for name in ["supply/main", "supply_chain"] {
            assert_eq!(chains.names_of(name), ["supply/main", "steel", "supply_chain"]);
        }
        assert_eq!(chains.of_cell("supply", Some("other")), ["supply/other", "supply", "all"]);
        assert_eq!(chains.of_cell("supply", None), ["supply", "all"]);
    }
}
