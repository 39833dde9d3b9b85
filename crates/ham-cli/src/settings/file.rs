//! The configuration file: its values, each with its position.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::table::{SETTINGS, find};
use super::value::{Position, Source, Value};
use crate::failure::Failure;
use crate::input;

/// The values in this file. Errors quote only names of settings: the file may contain secrets.
pub(super) fn read(path: &Path) -> Result<BTreeMap<&'static str, Value>, Failure> {
    let text = String::from_utf8(input::file(path, input::MAX_SETTINGS)?)
        .map_err(|_| wrong(path, None, "it is not UTF-8 text"))?;
    let at = |byte| Position::of(byte, &text);
    let table = DeTable::parse(&text).map_err(|error| {
        let position = error.span().map(|span| at(span.start));
        wrong(path, position, &format!("it is not valid TOML: {}", ham::without_quoted(error.message())))
    })?;
    let mut values = BTreeMap::new();
    for (key, value) in table.get_ref() {
        let name: &str = key.get_ref();
        let Some(setting) = find(name) else {
            let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
            let mut failure =
                wrong(path, Some(at(key.span().start)), &format!("unknown setting `{}`", ham::masked(name)));
            failure
                .advise(format!("the settings are {}; secrets go into files of their own", known.join(", ")));
            return Err(failure);
        };
        let position = at(value.span().start);
        let text = scalar(value.get_ref()).ok_or_else(|| {
            wrong(path, Some(position), &format!("`{name}` must be a string or a whole number"))
        })?;
        values.insert(setting.key, Value { text, source: Source::File, position: Some(position) });
    }
    Ok(values)
}

/// A string as it is, a whole number in digits.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
        }
        _ => None,
    }
}

fn wrong(path: &Path, position: Option<Position>, why: &str) -> Failure {
    let place = position.map_or(String::new(), |position| format!(", {position}"));
    Failure::usage(
        format!("the configuration file {}{place}: {why}", ham::masked_path(path)),
        "correct the file",
    )
}
