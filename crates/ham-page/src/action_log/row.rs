//! One action, as the page shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ham_devconductor::{CallId, MAX_SHOWN};
use holo_hash::{ActionHash, AgentPubKey};
use holochain_types::prelude::{
    ActionData, Entry, EntryType, EntryVisibility, GrantConstraint, Record, RecordEntry,
};
use serde_json::{Map, Value, json};

use super::types::Types;

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) n: u64,
    pub(crate) hash: ActionHash,
    pub(crate) agent: AgentPubKey,
    pub(crate) seq: u32,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    kind: String,
    /// Its other fields.
    more: Map<String, Value>,
    entry: Option<Content>,
    /// Roughly the bytes that it takes.
    pub(super) bytes: usize,
    /// The call that wrote it, if that was seen.
    pub(crate) call: Option<CallId>,
}

/// The content of an entry.
#[derive(Debug)]
enum Content {
    /// MessagePack, converted to JSON only on request: as JSON it is many times as long.
    Whole(Vec<u8>),
    Json(Value),
}

impl Row {
    pub(super) fn of(n: u64, record: &Record, types: &Types) -> Self {
        let action = record.action();
        let (mut more, mut content) = (Map::new(), None);
        let mut put = |name: &str, value: Value| drop(more.insert(name.to_owned(), value));
        let text = |hash: &dyn std::fmt::Display| Value::from(hash.to_string());
        match &action.data {
            ActionData::Create(data) => content = Some(entry(&mut put, &data.entry_type, record, types)),
            ActionData::Update(data) => {
                content = Some(entry(&mut put, &data.entry_type, record, types));
                put("of", text(&data.original_action_address));
            }
            ActionData::Delete(data) => put("of", text(&data.deletes_address)),
            ActionData::CreateLink(data) => {
                put("base", text(&data.base_address));
                put("target", text(&data.target_address));
                let zome = types.zome(data.zome_index);
                // No zome names its link types.
                put("link_type", format!("{}#{}", zome.as_deref().unwrap_or("?"), data.link_type.0).into());
                put("zome", zome.into());
                put("tag", tag(&data.tag.0));
            }
            ActionData::DeleteLink(data) => {
                put("base", text(&data.base_address));
                put("of", text(&data.link_add_address));
            }
            _ => {}
        }
        Self {
            n,
            hash: record.action_address().clone(),
            agent: action.author().clone(),
            seq: action.action_seq(),
            at: action.timestamp().as_millis(),
            kind: action.action_type().to_string(),
            bytes: ITSELF
                + Value::Object(more.clone()).to_string().len()
                + content.as_ref().map_or(0, Content::bytes),
            more,
            entry: content,
            call: None,
        }
    }

    pub(crate) fn json(&self) -> Value {
        let mut json = json!({
            "n": self.n, "hash": self.hash.to_string(), "agent": self.agent.to_string(), "seq": self.seq, "kind": self.kind,
            "at": self.at, "call": self.call.map(|call| call.to_string()),
        });
        if let Value::Object(fields) = &mut json {
            fields.extend(self.more.iter().map(|(name, value)| (name.clone(), value.clone())));
            fields.extend(self.entry.as_ref().map(|entry| ("entry".to_owned(), entry.json())));
        }
        json
    }
}

impl Content {
    fn of(entry: &RecordEntry) -> Self {
        match entry {
            RecordEntry::Present(Entry::App(bytes)) if bytes.as_ref().bytes().len() <= MAX_SHOWN => {
                Self::Whole(bytes.as_ref().bytes().clone())
            }
            entry => Self::Json(decoded(entry, MAX_SHOWN)),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Json(value) => value.to_string().len(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Whole(bytes) => ham_json::shown(bytes),
            Self::Json(value) => value.clone(),
        }
    }
}

fn entry(put: &mut impl FnMut(&str, Value), of: &EntryType, record: &Record, types: &Types) -> Content {
    let (zome, name) = types.entry(of);
    put("entry_type", name.into());
    put("zome", zome.into());
    put("private", (*of.visibility() == EntryVisibility::Private).into());
    put("entry_hash", record.action().entry_hash().map(ToString::to_string).into());
    Content::of(record.entry())
}

/// The content of an entry. Capabilities hold secrets, which are omitted; entries larger than `most` bytes are not shown.
pub(crate) fn decoded(entry: &RecordEntry, most: usize) -> Value {
    match entry {
        RecordEntry::Present(Entry::App(bytes)) => {
            let bytes = bytes.as_ref().bytes();
            if bytes.len() > most { too_long(bytes.len()) } else { ham_json::shown(bytes) }
        }
        RecordEntry::Present(Entry::Agent(key)) => json!({ "$hash": key.to_string() }),
        RecordEntry::Present(Entry::CapGrant(grant)) => {
            let access = match &grant.constraint {
                GrantConstraint::Unrestricted => "unrestricted",
                GrantConstraint::Transferable { .. } => "transferable",
                GrantConstraint::Assigned { .. } => "assigned",
            };
            json!({ "tag": grant.tag, "access": access })
        }
        RecordEntry::Present(Entry::CapClaim(claim)) => {
            json!({ "tag": claim.tag(), "grantor": { "$hash": claim.grantor().to_string() } })
        }
        RecordEntry::NotStored => {
            json!({ "$messagepack": "", "why": "it is too large to be kept for this page" })
        }
        _ => Value::Null,
    }
}

/// A stand-in for too many bytes.
pub(crate) fn too_long(bytes: usize) -> Value {
    json!({ "$messagepack": "", "why": format!("{bytes} bytes are too many to be shown here") })
}

/// A link's tag: its text, if it is text.
fn tag(tag: &[u8]) -> Value {
    match std::str::from_utf8(tag) {
        Ok(text) if !text.contains(|c: char| c.is_control()) => text.into(),
        _ => json!({ "$bytes": STANDARD.encode(tag) }),
    }
}

/// Roughly what a row takes in bytes, without its values.
const ITSELF: usize = 512;
