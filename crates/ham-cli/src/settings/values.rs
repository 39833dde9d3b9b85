//! The values as texts, each with its source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use url::{ParseError, Url};

use super::conductor::{Chosen, named};
use super::file;
use super::table::{SETTINGS, Setting, find};
use super::value::{Position, Source, Value};
use crate::failure::Failure;

/// The values that are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    values: BTreeMap<&'static str, Value>,
    /// The configuration file that was read.
    pub(crate) file: Option<PathBuf>,
}

impl Values {
    /// Adds the values of one source; values from nearer sources stay.
    pub(crate) fn add(&mut self, source: Source, read: impl Fn(&str) -> Option<String>) {
        for setting in SETTINGS {
            // An empty variable counts as unset: that is how a service's environment file unsets one.
            if let Some(text) = read(setting.key).filter(|text| !text.is_empty()) {
                self.values.entry(setting.key).or_insert(Value { text, source, position: None });
            }
        }
    }

    /// Adds the environment, as `read` sees it.
    pub(crate) fn add_environment(&mut self, read: impl Fn(&str) -> Option<String>) {
        self.add(Source::Environment, |key| read(&format!("HAM_{}", key.to_ascii_uppercase())));
    }

    /// Adds the configuration file: `named`, which must exist, or the default one, which need not.
    pub(crate) fn add_file(&mut self, named: Option<&Path>, default: Option<&Path>) -> Result<(), Failure> {
        let path = match (named, default) {
            (Some(path), _) => path,
            (None, Some(path)) if path.exists() => path,
            _ => return Ok(()),
        };
        for (key, value) in file::read(path)? {
            self.values.entry(key).or_insert(value);
        }
        self.file = Some(path.to_owned());
        Ok(())
    }

    /// A value as it was given.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|value| value.text.clone())
    }

    /// All of them, as they were given.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.values().map(|value| value.text.as_str())
    }

    /// Where a value came from.
    pub(crate) fn source(&self, key: &str) -> Source {
        self.values.get(key).map_or(Source::Default, |value| value.source)
    }

    /// A value, parsed. The error names the place to correct; it repeats of the value only what cannot be a misplaced secret.
    pub(crate) fn parsed<T>(
        &self,
        key: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(Value { text, .. }) = self.values.get(key) else { return Ok(None) };
        match parse(text.trim()) {
            Some(parsed) => Ok(Some(parsed)),
            None => {
                let given = match Url::parse(text) {
                    Err(ParseError::InvalidPort) => format!("; `{}` has an invalid port", ham::masked(text)),
                    _ if may_be_told(text) => format!(", not `{text}`"),
                    _ => String::new(),
                };
                Err(Failure::usage(
                    format!("{} must be {expected}{given}", self.place(key)),
                    "correct it there; flags override the environment, and the environment overrides the file",
                ))
            }
        }
    }

    /// Where a value is to be corrected.
    pub(crate) fn place(&self, key: &str) -> String {
        let position = self.position(key);
        match (self.source(key), find(key), &self.file) {
            (Source::Flag, Some(Setting { flag: Some(flag), .. }), _) => format!("--{}", flag.name),
            (Source::Environment, Some(setting), _) => setting.variable(),
            (Source::File, _, Some(file)) => match position {
                Some(position) => format!("{key} in {}, {position},", ham::masked_path(file)),
                None => format!("{key} in {}", ham::masked_path(file)),
            },
            _ => key.to_owned(),
        }
    }

    /// The position of a value in the configuration file, if it came from there.
    pub(crate) fn position(&self, key: &str) -> Option<Position> {
        self.values.get(key).and_then(|value| value.position)
    }

    /// Every setting with its value, in a form that may be shown, and its source.
    pub(crate) fn shown(&self) -> Vec<(Setting, Option<String>, Source)> {
        let shown = |setting: &Setting, value: &str| match named(value) {
            Some(Chosen::Own(kind)) => kind.name().to_owned(),
            _ if setting.hides_password => {
                Url::parse(value).map_or_else(|_| "<not a URL>".into(), |url| ham::shown_url(&url))
            }
            _ if setting.key == "lair_url" => match Url::parse(value) {
                // Its query is the keystore's public key.
                Ok(url) if url.scheme() == "unix" => {
                    format!("unix://{}", ham::masked_path(url.path().as_ref()))
                }
                _ => ham::masked(value),
            },
            _ if setting.names_a_file => ham::masked_path(value.as_ref()),
            // Digests of certificates are not secrets; anything else was refused.
            _ if setting.key == "pin" => value.to_owned(),
            _ => ham::masked(value),
        };
        SETTINGS
            .iter()
            .map(|setting| match self.values.get(setting.key) {
                Some(value) => (*setting, Some(shown(setting, &value.text)), value.source),
                None => (*setting, None, Source::Default),
            })
            .collect()
    }
}

/// Whether it is so short that it is a typo, or nearly a number or a time: anything else may be a password.
fn may_be_told(text: &str) -> bool {
    text.len() <= 3
        || text.len() <= LONGEST_NUMBER
            && text.starts_with(|first: char| first.is_ascii_digit() || "-+.".contains(first))
}

const LONGEST_NUMBER: usize = 12;
