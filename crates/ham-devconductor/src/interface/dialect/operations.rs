//! Operations of a DHT as earlier releases write them.

use holochain_types::op::{ChainOp, DhtOp, OpEntry};
use holochain_types::prelude::{Action, ActionData, Entry, Signature, SignedAction};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::actions::{Flat, Untagged};
use super::grants::EarlierEntry;
use super::table::State;

/// One of them.
#[derive(Debug, Serialize)]
pub(super) enum Operation {
    ChainOp(Named<Fields>),
    #[serde(untagged)]
    Today(DhtOp),
}

/// Something under the name of its kind: a map of one.
#[derive(Debug)]
pub(super) struct Named<T>(&'static str, T);

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Fields {
    Signed(SignedAction, AnyEntry),
    Record(Signature, Flat, AnyEntry),
    Entry(Signature, Named<Untagged>, EarlierEntry),
    Activity(Signature, Flat),
    Update(Signature, Untagged, AnyEntry),
    Change(Signature, Untagged),
}

/// An entry, or why there is none.
#[derive(Debug, Serialize)]
pub(super) enum AnyEntry {
    Present(EarlierEntry),
    Hidden,
    /// As 0.6 says it.
    #[serde(rename = "NA")]
    None,
    ActionOnly,
}

impl Operation {
    /// `None` for one that the release does not have without its entry.
    pub(super) fn of(operation: DhtOp, state: State) -> Option<Self> {
        let DhtOp::ChainOp(operation) = operation else { return Some(Self::Today(operation)) };
        match state {
            State::Flat => flat(*operation).map(Self::ChainOp),
            State::HeaderAndData => Some(header_and_data(*operation)),
        }
    }
}

/// Those of 0.7.0 are those of today but for the grants that are their entries.
fn header_and_data(operation: ChainOp) -> Operation {
    let entry = |entry| match entry {
        OpEntry::Present(entry) => AnyEntry::Present(EarlierEntry(entry)),
        OpEntry::Hidden => AnyEntry::Hidden,
        OpEntry::ActionOnly => AnyEntry::ActionOnly,
    };
    let named = |name, action, of| Operation::ChainOp(Named(name, Fields::Signed(action, entry(of))));
    match operation {
        ChainOp::CreateRecord(action, of) => named("CreateRecord", action, of),
        ChainOp::CreateEntry(action, of) => named("CreateEntry", action, of),
        ChainOp::UpdateEntry(action, of) => named("UpdateEntry", action, of),
        ChainOp::UpdateRecord(action, of) => named("UpdateRecord", action, of),
        other => Operation::Today(other.into()),
    }
}

fn flat(operation: ChainOp) -> Option<Named<Fields>> {
    let entry = |entry| match entry {
        OpEntry::Present(entry) => AnyEntry::Present(EarlierEntry(entry)),
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
    Fields::Entry(signature, Named(name, Untagged(action)), EarlierEntry(entry))
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}
