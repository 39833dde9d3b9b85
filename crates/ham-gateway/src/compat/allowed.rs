//! What anybody may call.

use std::collections::{BTreeMap, HashMap, HashSet};

/// What anybody may call, by app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowed(HashMap<String, Functions>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Functions {
    All,
    Listed(HashSet<(String, String)>),
}

impl Allowed {
    /// Reads `zome/function`, or `*` alone, for each app; the error says what is wrong with which app.
    pub(crate) fn of(allowed: &BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let apps = allowed.iter().map(|(app, listed)| {
            let functions = Functions::of(listed);
            functions.map(|functions| (app.clone(), functions)).map_err(|why| format!("of `{app}`, {why}"))
        });
        apps.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn allows_app(&self, app: &str) -> bool {
        self.0.contains_key(app)
    }

    pub(super) fn allows(&self, app: &str, zome: &str, function: &str) -> bool {
        match self.0.get(app) {
            None => false,
            Some(Functions::All) => true,
            Some(Functions::Listed(listed)) => listed.contains(&(zome.to_owned(), function.to_owned())),
        }
    }
}

impl Functions {
    fn of(listed: &[String]) -> Result<Self, String> {
        match listed {
            [] => Err("nothing is listed".into()),
            [all] if all == "*" => Ok(Self::All),
            listed => {
                let parted = listed.iter().map(|name| match name.split_once('/') {
                    Some((zome, function)) if !zome.is_empty() && !function.is_empty() => {
                        Ok((zome.to_owned(), function.to_owned()))
                    }
                    _ => Err(format!("{name:?} is not written as zome/function, or `*` alone")),
                });
                parted.collect::<Result<_, _>>().map(Self::Listed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_allowed() {
        let listed = BTreeMap::from([
            ("app1".to_owned(), vec!["zome1/fn1".to_owned()]),
            ("app2".to_owned(), vec!["*".to_owned()]),
        ]);
        let allowed = Allowed::of(&listed).unwrap();
        assert!(allowed.allows("app1", "zome1", "fn1") && allowed.allows("app2", "any", "thing"));
        for (app, zome, function) in [
            ("app1", "zome1", "other"),
            ("app1", "other", "fn1"),
            ("APP1", "zome1", "fn1"),
            ("app3", "z", "f"),
        ] {
            assert!(!allowed.allows(app, zome, function), "{app} {zome} {function}");
        }
        assert!(allowed.allows_app("app1") && !allowed.allows_app("app3"));
    }
}
