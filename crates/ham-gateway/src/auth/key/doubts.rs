//! What a file of keys says without effect.

use std::path::Path;

use holochain_zome_types::prelude::Timestamp;

use super::file::{stanzas, text};
use super::{BadKeys, Keys, Stanza};
use crate::config::Config;
use crate::functions::{begins_with_one_of, matches_nothing};

impl Keys {
    /// The keys of a file, and what they say without effect in a gateway that serves these apps and has these names of chains.
    ///
    /// # Errors
    /// It is not a file of keys.
    pub(crate) fn doubts(
        path: &Path,
        apps: &[&str],
        chains: &[&str],
        now: Timestamp,
    ) -> Result<(Self, Vec<String>), BadKeys> {
        let text = text(path)?;
        let keys = Self::parse(&text).map_err(|why| why.of(path))?;
        let mut doubts = Vec::new();
        for stanza in stanzas(&text)? {
            let id = stanza.id.clone();
            doubts.extend(of(&stanza, apps, chains, now).into_iter().map(|why| format!("key {id:?}: {why}")));
        }
        Ok((keys, doubts))
    }

    /// Whether anybody can call anything: calls need a key, unless the configuration says otherwise.
    ///
    /// # Errors
    /// The file that it names contains no keys.
    pub(crate) fn let_somebody_call(&self, config: &Config) -> Result<(), BadKeys> {
        match &config.keys {
            Some(path) if self.0.is_empty() && !config.dev && !config.compat.hc_http_gw => {
                Err(BadKeys(format!(
                    "{} holds no key, so nobody can call anything: `ham gateway key new` makes one",
                    ham::masked_path(path)
                )))
            }
            _ => Ok(()),
        }
    }
}

fn of(stanza: &Stanza, apps: &[&str], chains: &[&str], now: Timestamp) -> Vec<String> {
    let mut doubts = Vec::new();
    let expires: Option<Timestamp> = stanza.expires.as_ref().and_then(|at| at.to_string().parse().ok());
    if expires.is_some_and(|at| at <= now) {
        doubts.push("it has expired".to_owned());
    }
    for app in &stanza.apps {
        if !begins_with_one_of(app, apps.iter().copied()) {
            doubts.push(format!("{app:?} is not an app served here"));
        }
    }
    for function in &stanza.functions {
        doubts.extend(matches_nothing(function, 3..=3, "role/zome/function"));
    }
    for chain in &stanza.chains {
        match matches_nothing(chain, 1..=2, "app, app/role or as `[feed.chains]` says") {
            Some(why) => doubts.push(why),
            None if !begins_with_one_of(chain, apps.iter().chain(chains).copied()) => {
                doubts.push(format!("{chain:?} is not a chain served here"));
            }
            None => {}
        }
    }
    doubts
}
