//! Times in a file: `"30s"`, `"5m"`, `"7d"`.

use std::time::Duration;

use serde::{Deserialize as _, Deserializer, Serializer, de};

pub(super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_duration(*span))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|error| {
        // The text between the first and the last quote is not repeated.
        de::Error::custom(format!("a time is written as `30s` or `5m`, not {text:?}: {error}"))
    })
}
