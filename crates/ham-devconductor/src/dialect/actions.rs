//! Actions as they were in 0.6: one flat map, with a weight for rate limits.

use holo_hash::{ActionHash, AgentPubKey, DnaHash};
use holochain_types::prelude::{
    Action, ActionData, CreateData, CreateLinkData, DeleteData, DeleteLinkData, Timestamp, UpdateData,
};
use serde::{Serialize, Serializer};

/// An action with its type.
#[derive(Debug)]
pub(super) struct Flat(pub(super) Action);

/// An action whose type is outside it, or in the name of an operation.
#[derive(Debug)]
pub(super) struct Untagged(pub(super) Action);

impl Serialize for Flat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = match &self.0.data {
            ActionData::Dna(dna) => Data::Dna { name: "Dna", hash: &dna.dna_hash },
            data => Data::Tagged(data),
        };
        fields(&self.0, data).serialize(serializer)
    }
}

impl Serialize for Untagged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = match &self.0.data {
            ActionData::Create(create) => Data::Create(create),
            ActionData::Update(update) => Data::Update(update),
            ActionData::Delete(delete) => Data::Delete(delete),
            ActionData::CreateLink(link) => Data::CreateLink(link),
            ActionData::DeleteLink(link) => Data::DeleteLink(link),
            other => Data::Tagged(other),
        };
        fields(&self.0, data).serialize(serializer)
    }
}

#[derive(Serialize)]
struct Fields<'a> {
    #[serde(flatten)]
    data: Data<'a>,
    author: &'a AgentPubKey,
    timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_seq: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev_action: Option<&'a ActionHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<Weight>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Dna {
        #[serde(rename = "type")]
        name: &'static str,
        hash: &'a DnaHash,
    },
    Tagged(&'a ActionData),
    Create(&'a CreateData),
    Update(&'a UpdateData),
    Delete(&'a DeleteData),
    CreateLink(&'a CreateLinkData),
    DeleteLink(&'a DeleteLinkData),
}

/// No zome ever gave one: no release asked for it.
#[derive(Serialize)]
struct Weight {
    bucket_id: u8,
    units: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_bytes: Option<u8>,
}

fn fields<'a>(action: &'a Action, data: Data<'a>) -> Fields<'a> {
    let weight = |rate_bytes| Some(Weight { bucket_id: u8::MAX, units: 0, rate_bytes });
    let weight = match &action.data {
        ActionData::Create(_) | ActionData::Update(_) => weight(Some(0)),
        ActionData::Delete(_) | ActionData::CreateLink(_) => weight(None),
        _ => None,
    };
    Fields {
        data,
        author: action.author(),
        timestamp: action.timestamp(),
        action_seq: action.prev_action().map(|_| action.action_seq()),
        prev_action: action.prev_action(),
        weight,
    }
}
