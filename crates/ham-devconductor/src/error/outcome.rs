//! What the rules for all chains say about a record, in the texts of `holochain` 0.7.1.

use holo_hash::{ActionHash, AnyDhtHash, EntryHash};
use holochain_state::query::StateQueryError;
use holochain_types::prelude::{Action, AppEntryDef, ENTRY_SIZE_LIMIT, EntryType, PrevActionError};

/// Why a record is not valid, or not yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Outcome {
    #[error("The dependency {0:?} was not found on the DHT")]
    DepMissingFromDht(AnyDhtHash),
    #[error("The entry def index for {0:?} was out of range")]
    EntryDefId(AppEntryDef),
    #[error("The entry has a different hash to the action's entry hash")]
    EntryHash,
    #[error("The entry size {0} was larger than the MAX_ENTRY_SIZE {ENTRY_SIZE_LIMIT}")]
    EntryTooLarge(usize),
    #[error("The entry has a different type to the action's entry type")]
    EntryTypeMismatch,
    #[error("The visibility for {0:?} didn't match the zome")]
    EntryVisibility(AppEntryDef),
    #[error("The link tag size {0} was larger than the MAX_TAG_SIZE {MAX_TAG_SIZE}")]
    TagTooLarge(usize),
    #[error("The action with {0:?} was expected to be a link add action")]
    NotCreateLink(ActionHash),
    #[error("The action was expected to be a new entry action but was {0:?}")]
    NotNewEntry(Box<Action>),
    #[error(transparent)]
    PrevAction(#[from] PrevActionError),
    #[error("Update original: {0:?} doesn't match new: {1:?}")]
    UpdateTypeMismatch(EntryType, EntryType),
    #[error("Update original {0:?} doesn't match the {1:?} in the update")]
    UpdateHashMismatch(EntryHash, EntryHash),
    #[error("The zome index for {0:?} was out of range")]
    ZomeIndex(AppEntryDef),
    #[error(transparent)]
    Query(#[from] StateQueryError),
}

/// The bytes of a link's tag.
pub(crate) const MAX_TAG_SIZE: usize = 1000;
