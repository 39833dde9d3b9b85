//! A record of a dump, in a form for people and programs. The shapes are those of 0.6 (a flat action) and of 0.7
//! (header and data separate).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ham_json::{Dialect, from_messagepack};
use holochain_types::prelude::Timestamp;
use serde_json::{Map, Value, json};

use super::bytes::{bytes, readable};
use super::capability;
use crate::names::Names;

/// One action and its entry.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) sequence: u32,
    /// `Create`, `CreateLink`, …
    pub(crate) kind: String,
    /// In UTC.
    pub(crate) when: String,
    pub(crate) hash: String,
    author: Value,
    /// The other fields of the action.
    data: Map<String, Value>,
    entry: Entry,
}

#[derive(Debug)]
enum Entry {
    None,
    /// Decoded.
    App(Value),
    /// Without its secret.
    Capability(Value),
    Other(Value),
}

/// The records of a dump; `None` if it has an unknown shape.
pub(super) fn records(dump: &str) -> Option<Vec<Record>> {
    let dump: Value = serde_json::from_str(dump).ok()?;
    dump.get(0)?.get("source_chain_dump")?.get("records")?.as_array()?.iter().map(Record::of).collect()
}

impl Record {
    /// A record in the shape that dumps have.
    pub(super) fn of(record: &Value) -> Option<Self> {
        let mut action = record.get("action")?.as_object()?.clone();
        let mut data = match action.remove("data") {
            Some(Value::Object(data)) => data,
            Some(_) => return None,
            None => action.clone(),
        };
        let header = match action.remove("header") {
            Some(Value::Object(header)) => header,
            _ => action,
        };
        for key in ["author", "timestamp", "action_seq", "prev_action", "weight"] {
            data.remove(key);
        }
        let kind = data.remove("type")?.as_str()?.to_owned();
        Some(Self {
            // In some releases the first action has none.
            sequence: header.get("action_seq").and_then(Value::as_u64).unwrap_or(0).try_into().ok()?,
            kind,
            when: Timestamp::from_micros(header.get("timestamp")?.as_i64()?).to_string(),
            hash: readable(record.get("action_address")?).as_str()?.to_owned(),
            author: readable(header.get("author").unwrap_or(&Value::Null)),
            data: data.iter().map(|(key, value)| (key.clone(), readable(value))).collect(),
            entry: entry(record.get("entry").unwrap_or(&Value::Null)),
        })
    }

    /// What the action is about, in one line.
    pub(crate) fn words(&self, names: &Names) -> String {
        let of = self.type_name(names).map(|of| format!("{of} ")).unwrap_or_default();
        match (&self.entry, self.kind.as_str()) {
            (Entry::App(value) | Entry::Capability(value), "Update") => {
                format!("{of}{value}, in place of {}", self.text("original_action_address"))
            }
            (Entry::App(value) | Entry::Capability(value), _) => format!("{of}{value}"),
            (Entry::Other(value), _) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            (Entry::None, "CreateLink") => format!(
                "{of}{} → {} {}",
                self.text("base_address"),
                self.text("target_address"),
                tag(self.data.get("tag"))
            ),
            (Entry::None, "DeleteLink") => self.text("link_add_address"),
            (Entry::None, "Delete") => self.text("deletes_address"),
            // 0.6 calls it `hash`.
            (Entry::None, "Dna") => {
                self.text(if self.data.contains_key("dna_hash") { "dna_hash" } else { "hash" })
            }
            (Entry::None, "Create" | "Update") => format!("{of}(its entry is not held)"),
            (Entry::None, _) => String::new(),
        }
    }

    /// For programs.
    pub(crate) fn json(&self, names: &Names) -> Value {
        let entry = match &self.entry {
            Entry::None => &Value::Null,
            Entry::App(value) | Entry::Capability(value) | Entry::Other(value) => value,
        };
        json!({
            "sequence": self.sequence,
            "action": self.kind,
            "when": self.when,
            "hash": self.hash,
            "author": self.author,
            "zome": self.zome().and_then(|zome| names.zome(zome)),
            "type": self.type_alone(names),
            "data": self.data,
            "entry": entry,
        })
    }

    /// The agent whose it is.
    pub(crate) fn author(&self) -> &str {
        self.author.as_str().unwrap_or("?")
    }

    /// Whether this field of its action is this hash.
    pub(crate) fn names(&self, key: &str, hash: &str) -> bool {
        self.data.get(key).and_then(Value::as_str) == Some(hash)
    }

    /// The order of records: chain by chain.
    pub(super) fn place(&self) -> (&str, u32, &str) {
        (self.author(), self.sequence, &self.hash)
    }

    fn text(&self, key: &str) -> String {
        self.data.get(key).and_then(Value::as_str).unwrap_or("?").to_owned()
    }

    /// The index of the integrity zome that defines its type.
    fn zome(&self) -> Option<u64> {
        self.app_type().map(|app| &app["zome_index"]).or_else(|| self.data.get("zome_index"))?.as_u64()
    }

    /// The entry's type, if it is one of the app's.
    fn app_type(&self) -> Option<&Value> {
        self.data.get("entry_type")?.get("App")
    }

    /// The same for programs, which get the zome and the visibility beside it.
    fn type_alone(&self, names: &Names) -> Option<String> {
        let index = self.app_type().and_then(|app| app["entry_index"].as_u64());
        let name = self.zome().zip(index).and_then(|(zome, index)| names.entry_alone(zome, index));
        name.map(str::to_owned).or_else(|| self.type_name(names))
    }

    /// The type of what was written: of an entry or of a link.
    fn type_name(&self, names: &Names) -> Option<String> {
        if let (Some(zome), Some(link)) = (self.zome(), self.data.get("link_type").and_then(Value::as_u64)) {
            return Some(names.numbered(zome, link));
        }
        let Some(app) = self.app_type() else {
            return self.data.get("entry_type").and_then(Value::as_str).map(str::to_owned);
        };
        let private = if app["visibility"] == "Private" { " (private)" } else { "" };
        Some(format!("{}{private}", names.entry(self.zome()?, app["entry_index"].as_u64()?)))
    }
}

/// The contents of an entry. Capabilities contain secrets, which are left out.
fn entry(entry: &Value) -> Entry {
    let content = entry.get("entry").unwrap_or(&Value::Null);
    match entry.get("entry_type").and_then(Value::as_str) {
        None => Entry::None,
        Some("App") => match bytes(content) {
            Some(bytes) => Entry::App(
                from_messagepack(&bytes, Dialect::Marked)
                    .unwrap_or_else(|_| json!({ "$bytes": STANDARD.encode(bytes) })),
            ),
            None => Entry::Other(readable(content)),
        },
        Some("CapGrant" | "CapClaim") => Entry::Capability(capability::shown(content)),
        Some(_) => Entry::Other(readable(content)),
    }
}

/// A link's tag: its text, if it is text.
fn tag(tag: Option<&Value>) -> String {
    match tag.and_then(bytes) {
        Some(bytes) if bytes.is_empty() => String::new(),
        Some(bytes) => match String::from_utf8(bytes) {
            Ok(text) => format!("\"{text}\""),
            Err(error) => STANDARD.encode(error.into_bytes()),
        },
        None => String::new(),
    }
}
