//! What a callback answers, chosen by data instead of by code.

use holo_hash::{ActionHash, AgentPubKey, AnyDhtHash, EntryHash};
use holochain_zome_types::prelude::{ActionType, ChainFilter};
use serde::{Deserialize, Serialize};

/// What a callback does when it is asked. `init` reads `Valid` as pass and `Invalid` as fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Accepts.
    Valid,
    /// Refuses, with this reason.
    Invalid(String),
    /// Says that these hashes are missing, without looking for them.
    Unresolved(Vec<AnyDhtHash>),
    /// Looks for something and accepts when it is there; else the conductor makes it unresolved.
    Fetch(Fetch),
    /// Returns an error of the guest with this text.
    Error(String),
    /// Traps.
    Panic(String),
    /// Calls a host function that the callback may not use: `validate` must not write.
    Forbidden,
}

/// What [`Outcome::Fetch`] looks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fetch {
    /// `must_get_entry`.
    Entry(EntryHash),
    /// `must_get_action`.
    Action(ActionHash),
    /// `must_get_valid_record`.
    ValidRecord(ActionHash),
    /// `must_get_agent_activity`.
    Activity {
        /// Whose chain.
        author: AgentPubKey,
        /// Which part of it.
        filter: ChainFilter,
    },
}

/// The kinds of operation that `validate` is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OpKind {
    /// An action together with its public entry; formerly StoreRecord.
    CreateRecord,
    /// An entry; formerly StoreEntry.
    CreateEntry,
    /// Formerly RegisterUpdate.
    Update,
    /// Formerly RegisterDelete.
    Delete,
    /// Formerly RegisterAgentActivity; every integrity zome is asked.
    AgentActivity,
    /// Formerly RegisterCreateLink.
    CreateLink,
    /// Formerly RegisterDeleteLink.
    DeleteLink,
}

/// One line of a verdict. The first that fits decides; without one, the operation is valid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The operation it is about.
    pub op: OpKind,
    /// The action it is about; absent means every one.
    #[serde(default)]
    pub action: Option<ActionType>,
    /// The integrity zome it is about; absent means every one.
    #[serde(default)]
    pub zome: Option<String>,
    /// What that zome answers.
    pub outcome: Outcome,
}
