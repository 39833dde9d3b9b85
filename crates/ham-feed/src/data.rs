//! JSON as a server wrote it.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// JSON as a server wrote it: none of its numbers or spellings is changed, so a number of any size and precision is what the server
/// wrote. Two values are equal if their texts are.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Data(Box<RawValue>);

impl Data {
    /// Its text: valid JSON, with the spaces and line feeds that the server put between its tokens.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Reads it as a type of the caller's, for instance [`serde_json::Value`], which holds numbers beyond 64 bits as floats.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    pub(crate) fn new(raw: &RawValue) -> Self {
        Self(raw.to_owned())
    }

    /// Its type, if it is an event that names one.
    pub(crate) fn event_type(&self) -> Option<String> {
        event_type(self.text())
    }

    /// Its height, if it is a block that gives one: `height` in the documented dialect, `index` in that of `hierachain`.
    pub(crate) fn height(&self) -> Option<u64> {
        #[derive(Deserialize)]
        struct Block {
            height: Option<u64>,
            index: Option<u64>,
        }
        self.parse().ok().and_then(|Block { height, index }| height.or(index))
    }
}

/// The type of an event, if this is an event that names one.
pub(crate) fn event_type(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Event {
        event_type: String,
    }
    serde_json::from_str(json).ok().map(|Event { event_type }| event_type)
}

/// `null`.
impl Default for Data {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl From<serde_json::Value> for Data {
    fn from(value: serde_json::Value) -> Self {
        Self(serde_json::value::to_raw_value(&value).expect("a JSON value has a text"))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Data {}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
