//! Keys as a file, and what is wrong with one: errors give the place, and nothing that could be a key or a digest.

use std::path::Path;

use ham::{masked, masked_path};
use serde::Deserialize;

use super::{BadKeys, Keys, Stanza};
use crate::config::located;
use crate::named_file;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Vec<Stanza>,
}

impl Keys {
    /// Reads a file that only its owner may read.
    pub(crate) fn read(path: &Path) -> Result<Self, BadKeys> {
        Self::parse(&text(path)?).map_err(|why| why.of(path))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, BadKeys> {
        let mut keys = Self::default();
        for (at, stanza) in stanzas(text)?.into_iter().enumerate() {
            let id = stanza.id.clone();
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let why = format!("[[key]] number {}: an id has letters and digits only", at + 1);
                return Err(BadKeys(why));
            }
            let wrong = |why: &str| BadKeys(masked(&format!("key {id:?}{why}")));
            let kept = stanza.kept().map_err(|why| wrong(&format!(": {why}")))?;
            if keys.0.insert(id.clone(), kept).is_some() {
                return Err(wrong(" is listed twice"));
            }
        }
        Ok(keys)
    }
}

impl BadKeys {
    pub(super) fn of(self, path: &Path) -> Self {
        Self(format!("{}: {}", masked_path(path), self.0))
    }
}

pub(super) fn text(path: &Path) -> Result<String, BadKeys> {
    named_file::private(path).map_err(BadKeys)
}

pub(super) fn stanzas(text: &str) -> Result<Vec<Stanza>, BadKeys> {
    let file: File = toml::from_str(text).map_err(|error| BadKeys(located(&error, text)))?;
    Ok(file.key)
}
