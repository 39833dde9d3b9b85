//! Operations of a DHT as 0.6 writes them. None of them holds a grant: private entries are hidden.

use holochain_types::op::{ChainOp, DhtOp, OpEntry};
use holochain_types::prelude::{Action, ActionData, Entry, Signature, SignedAction};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::actions::{Flat, Untagged};
use super::table::State;

/// An operation.
#[derive(Debug, Serialize)]
pub(super) enum Operation {
    ChainOp(Box<Named<Fields>>),
    #[serde(untagged)]
    Today(DhtOp),
}

/// Something under the name of its kind: a map of one.
#[derive(Debug)]
pub(super) struct Named<T>(&'static str, T);

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Fields {
    Record(Signature, Flat, AnyEntry),
    Entry(Signature, Named<Untagged>, Entry),
    Activity(Signature, Flat),
    Update(Signature, Untagged, AnyEntry),
    Change(Signature, Untagged),
}

/// An entry, or why there is none.
#[derive(Debug, Serialize)]
pub(super) enum AnyEntry {
    Present(Entry),
    Hidden,
    #[serde(rename = "NA")]
    None,
}

impl Operation {
    /// `None` for an operation that the release does not have without its entry.
    pub(super) fn of(operation: DhtOp, state: State) -> Option<Self> {
        match (operation, state) {
            (DhtOp::ChainOp(operation), State::Flat) => {
                flat(*operation).map(|named| Self::ChainOp(Box::new(named)))
            }
            (operation, _) => Some(Self::Today(operation)),
        }
    }
}

fn flat(operation: ChainOp) -> Option<Named<Fields>> {
    let entry = |entry| match entry {
        OpEntry::Present(entry) => AnyEntry::Present(entry),
        OpEntry::Hidden => AnyEntry::Hidden,
        OpEntry::ActionOnly => AnyEntry::None,
    };
    let parts = |action: SignedAction| -> (Signature, Action) {
        let signature = action.signature().clone();
        (signature, action.into_data())
    };
    let record = |name, action, of| {
        let (signature, action) = parts(action);
        Some(Named(name, Fields::Record(signature, Flat(action), entry(of))))
    };
    let update = |name, action, of| {
        let (signature, action) = parts(action);
        Some(Named(name, Fields::Update(signature, Untagged(action), entry(of))))
    };
    let change = |name, action| {
        let (signature, action) = parts(action);
        Some(Named(name, Fields::Change(signature, Untagged(action))))
    };
    match operation {
        ChainOp::CreateRecord(action, of) => record("StoreRecord", action, of),
        ChainOp::CreateEntry(action, OpEntry::Present(entry)) => {
            let (signature, action) = parts(action);
            Some(Named("StoreEntry", store_entry(signature, action, entry)))
        }
        ChainOp::CreateEntry(..) => None,
        ChainOp::AgentActivity(action) => {
            let (signature, action) = parts(action);
            Some(Named("RegisterAgentActivity", Fields::Activity(signature, Flat(action))))
        }
        ChainOp::UpdateEntry(action, of) => update("RegisterUpdatedContent", action, of),
        ChainOp::UpdateRecord(action, of) => update("RegisterUpdatedRecord", action, of),
        ChainOp::DeleteRecord(action) => change("RegisterDeletedBy", action),
        ChainOp::DeleteEntry(action) => change("RegisterDeletedEntryAction", action),
        ChainOp::CreateLink(action) => change("RegisterAddLink", action),
        ChainOp::DeleteLink(action) => change("RegisterRemoveLink", action),
    }
}

fn store_entry(signature: Signature, action: Action, entry: Entry) -> Fields {
    let name = if matches!(action.data, ActionData::Update(_)) { "Update" } else { "Create" };
    Fields::Entry(signature, Named(name, Untagged(action)), entry)
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}
