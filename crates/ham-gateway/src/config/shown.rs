//! A configuration in the form that may be shown.

use serde_json::{Map, Value};

use super::values::Config;
use crate::named_file;

impl Config {
    /// All values, for programs, without anything that may be a secret.
    #[must_use]
    pub fn shown(&self) -> Value {
        self.masked("", serde_json::to_value(self).unwrap_or_default())
    }

    /// All values, one per line, each with where it comes from.
    #[must_use]
    pub fn explained(&self, file: &str) -> String {
        let given = self.masked("", toml::from_str::<Value>(file).unwrap_or_default());
        let mut lines = Vec::new();
        flatten("", &self.shown(), Some(&given), &mut lines);
        lines.concat()
    }

    /// Names are chosen by people, so they are masked too.
    fn masked(&self, name: &str, value: Value) -> Value {
        let names_a_file = || self.files().iter().any(|file| file.key == name);
        match value {
            Value::String(text) if names_a_file() => named_file::shown(text.as_ref()).into(),
            Value::String(text) if name == "state_dir" => ham::masked_path(text.as_ref()).into(),
            Value::String(text) => ham::masked(&text).into(),
            Value::Array(values) => values.into_iter().map(|value| self.masked(name, value)).collect(),
            Value::Object(entries) => {
                let masked =
                    |(key, value): (String, _)| (ham::masked(&key), self.masked(&below(name, &key), value));
                entries.into_iter().map(masked).collect()
            }
            other => other,
        }
    }
}

fn flatten(prefix: &str, value: &Value, given: Option<&Value>, lines: &mut Vec<String>) {
    match value {
        Value::Object(entries) if !entries.is_empty() => flatten_all(prefix, entries, given, lines),
        value => {
            let source = if given.is_some() { "file" } else { "default" };
            lines.push(format!("{prefix} = {value}  # {source}\n"));
        }
    }
}

fn flatten_all(prefix: &str, entries: &Map<String, Value>, given: Option<&Value>, lines: &mut Vec<String>) {
    for (name, value) in entries {
        flatten(&below(prefix, name), value, given.and_then(|given| given.get(name)), lines);
    }
}

fn below(name: &str, key: &str) -> String {
    if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") }
}
