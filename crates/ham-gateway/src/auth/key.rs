//! Keys, as they are kept and recognised.

mod doubts;
mod file;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use holochain_zome_types::prelude::Timestamp;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::identity::{Identity, Scope};
use super::rate::{Quota, Rate};
use crate::config::Nats;

/// The keys of a file.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, Kept>);

struct Kept {
    digest: [u8; 32],
    /// A digest of what the file says about it.
    stanza: [u8; 32],
    expires: Option<Timestamp>,
    identity: Arc<Identity>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.identity.fmt(f)
    }
}

impl Keys {
    /// The ids of the keys that are missing from the other keys, or about which those say something else.
    pub(crate) fn changed(&self, other: &Self) -> HashSet<String> {
        let same = |id: &str, kept: &Kept| other.0.get(id).is_some_and(|new| new.stanza == kept.stanza);
        self.0.iter().filter(|(id, kept)| !same(id, kept)).map(|(id, _)| id.clone()).collect()
    }

    /// The ids of those that have expired.
    pub(crate) fn expired(&self, now: Timestamp) -> HashSet<String> {
        let over = self.0.iter().filter(|(_, kept)| kept.expires.is_some_and(|expires| expires <= now));
        over.map(|(id, _)| id.clone()).collect()
    }

    /// The holder of the key with this id, unless it has expired.
    pub(crate) fn of_id(&self, id: &str, now: Timestamp) -> Option<&Arc<Identity>> {
        let kept = self.0.get(id).filter(|kept| kept.expires.is_none_or(|expires| now < expires));
        kept.map(|kept| &kept.identity)
    }

    /// Whether the key for calls over NATS, if one is named, exists and has not expired.
    pub(crate) fn has_caller_of(&self, nats: &Nats, now: Timestamp) -> Result<(), String> {
        match &nats.calls_as {
            Some(id) if self.of_id(id, now).is_none() => {
                Err(format!("no valid key has the id {:?}", ham::masked(id)))
            }
            _ => Ok(()),
        }
    }

    /// The holder of this key; `None` if it is nobody's, or has expired. The time that this takes reveals nothing about
    /// the secret.
    pub(crate) fn whose(&self, shown: &str, now: Timestamp) -> Option<&Arc<Identity>> {
        let digest = sha256(shown.as_bytes());
        let id = shown.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).map(|(id, _)| id);
        let kept = id.and_then(|id| self.0.get(id));
        let same = kept.map_or(&[0; 32], |kept| &kept.digest).ct_eq(&digest);
        kept.filter(|kept| bool::from(same) && kept.expires.is_none_or(|expires| now < expires))
            .map(|kept| &kept.identity)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stanza {
    id: String,
    name: String,
    sha256: String,
    #[serde(default)]
    scopes: Vec<Scope>,
    #[serde(default)]
    apps: Vec<String>,
    #[serde(default)]
    functions: Vec<String>,
    #[serde(default)]
    chains: Vec<String>,
    rate: Option<String>,
    concurrent: Option<usize>,
    expires: Option<toml::value::Datetime>,
}

impl Stanza {
    fn kept(self) -> Result<Kept, String> {
        let stanza = sha256(format!("{self:?}").as_bytes());
        let digest = unhex(&self.sha256).ok_or("sha256 is not 64 hexadecimal digits")?;
        let rate = match &self.rate {
            Some(text) => Some(Rate::parse(text).ok_or("rate is written as \"50/s\" or \"600/m\"")?),
            None => None,
        };
        let expires = match self.expires {
            Some(at) => {
                let at = at.to_string().parse().map_err(|_| "expires is written as 2027-06-01T00:00:00Z")?;
                Some(at)
            }
            None => None,
        };
        if self.concurrent == Some(0) {
            return Err("concurrent is at least 1".into());
        }
        let concurrent = self.concurrent.unwrap_or(DEFAULT_CONCURRENT).min(MOST_CONCURRENT);
        let identity = Identity::new(&self.id, &self.name, Quota::new(rate, concurrent))
            .with_scopes(self.scopes)
            .with_patterns(&self.apps, &self.functions, &self.chains)
            .map_err(|error| error.to_string())?;
        Ok(Kept { digest, stanza, expires, identity: Arc::new(identity) })
    }
}

/// Why the keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadKeys(pub(super) String);

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    array.copy_from_slice(digest(&SHA256, bytes).as_ref());
    array
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// For scanners that look for secrets where they do not belong.
pub(super) const PREFIX: &str = "ham_";
/// A third of a link's places.
const DEFAULT_CONCURRENT: usize = 32;
const MOST_CONCURRENT: usize = 100_000;

#[cfg(test)]
mod tests;
