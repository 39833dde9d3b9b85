//! The entry types.

use hdi::prelude::*;
use probe_types::features::Verdict;

/// A text that everyone may read.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    /// The text `invalid` is refused by validation.
    pub text: String,
}

/// A text that stays with its author.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
pub struct SecretNote {
    /// The text.
    pub text: String,
}

/// See [`Verdict`].
#[hdk_entry_helper]
#[derive(Clone, PartialEq)]
#[serde(transparent)]
pub struct VerdictEntry(pub Verdict);

/// One run of a scheduled function.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
pub struct Tick {
    /// The function.
    pub function: String,
    /// Its runs before this one.
    pub earlier: u32,
}

/// Bytes without a meaning.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
pub struct Blob {
    /// The bytes.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// The entry types of this zome.
#[hdk_entry_types]
#[unit_enum(UnitEntryTypes)]
pub enum EntryTypes {
    /// See [`Note`].
    #[entry_type(required_validations = 2)]
    Note(Note),
    /// See [`SecretNote`].
    #[entry_type(visibility = "private")]
    SecretNote(SecretNote),
    /// See [`VerdictEntry`].
    #[entry_type(required_validations = 1)]
    VerdictEntry(VerdictEntry),
    /// See [`Tick`].
    #[entry_type(visibility = "private", required_validations = 0)]
    Tick(Tick),
    /// See [`Blob`].
    #[entry_type(name = "blob", cache_at_agent_activity = true)]
    Blob(Blob),
}
