//! The values as texts, each with its source.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use super::conductor::{Chosen, named};
use super::table::{SETTINGS, Setting};
use crate::failure::Failure;
use crate::input;

/// Where a value came from, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Flag,
    Environment,
    File,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        })
    }
}

/// The values that are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    values: BTreeMap<&'static str, (String, Source)>,
    /// The configuration file that was read.
    pub(crate) file: Option<PathBuf>,
}

impl Values {
    /// Adds the values of one source; what a nearer source said stays.
    pub(crate) fn add(&mut self, source: Source, read: impl Fn(&str) -> Option<String>) {
        for setting in SETTINGS {
            // An empty variable counts as unset: that is how a service's environment file unsets one.
            if let Some(value) = read(setting.key).filter(|value| !value.is_empty()) {
                self.values.entry(setting.key).or_insert((value, source));
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
        let shown = path.display();
        let text = input::file(path, input::MAX_SETTINGS)?;
        let text = String::from_utf8(text).map_err(|_| {
            Failure::usage(format!("the configuration file {shown} is no text"), "write it as UTF-8")
        })?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            // The error's own text quotes the line, which can hold what nobody should see.
            Failure::usage(
                format!("the configuration file {shown} is no TOML: {}", error.message()),
                "correct the file",
            )
        })?;
        let mut values = BTreeMap::new();
        for (key, value) in table {
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                _ => {
                    return Err(Failure::usage(
                        format!(
                            "`{key}` in the configuration file {shown} is neither a text nor a whole number"
                        ),
                        "correct the file",
                    ));
                }
            };
            if !SETTINGS.iter().any(|setting| setting.key == key) {
                let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
                return Err(Failure::usage(
                    format!("the configuration file {shown} has an unknown setting `{key}`"),
                    format!("the settings are {}; secrets are given as files", known.join(", ")),
                ));
            }
            values.insert(key, value);
        }
        self.add(Source::File, |key| values.get(key).cloned());
        self.file = Some(path.to_owned());
        Ok(())
    }

    /// A value as it was given.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|(value, _)| value.clone())
    }

    /// Where a value came from.
    pub(crate) fn source(&self, key: &str) -> Source {
        self.values.get(key).map_or(Source::Default, |(_, source)| *source)
    }

    /// A value as what it must be. The error names the place to correct; it quotes no URL, which can hold a password.
    pub(crate) fn parsed<T>(
        &self,
        key: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some((value, _)) = self.values.get(key) else { return Ok(None) };
        match parse(value.trim()) {
            Some(parsed) => Ok(Some(parsed)),
            None => {
                let hidden = setting(key).is_some_and(|setting| setting.hides_password);
                let given = if hidden { String::new() } else { format!(", not `{value}`") };
                Err(Failure::usage(
                    format!("{} must be {expected}{given}", self.place(key)),
                    "correct it there; flags win over the environment, the environment over the file",
                ))
            }
        }
    }

    /// Where a value is to be corrected.
    pub(crate) fn place(&self, key: &str) -> String {
        match (self.source(key), setting(key), &self.file) {
            (Source::Flag, Some(setting), _) => setting.flag.unwrap_or(key).to_owned(),
            (Source::Environment, Some(setting), _) => setting.variable(),
            (Source::File, _, Some(file)) => format!("{key} in {}", file.display()),
            _ => key.to_owned(),
        }
    }

    /// Every setting with its value, fit to be shown, and its source.
    pub(crate) fn shown(&self) -> Vec<(Setting, Option<String>, Source)> {
        let shown = |setting: &Setting, value: &str| match named(value) {
            Some(Chosen::Own(kind)) => kind.name().to_owned(),
            _ if setting.hides_password => bare(value),
            _ => value.to_owned(),
        };
        SETTINGS
            .iter()
            .map(|setting| match self.values.get(setting.key) {
                Some((value, source)) => (*setting, Some(shown(setting, value)), *source),
                None => (*setting, None, Source::Default),
            })
            .collect()
    }
}

fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// A URL without user, password and query.
fn bare(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) => {
            let port = url.port().map_or(String::new(), |port| format!(":{port}"));
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        }
        Err(_) => "<no URL>".into(),
    }
}
