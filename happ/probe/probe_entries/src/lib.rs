//! The entry types of the role `probe`: apart from their validation, which only the integrity zome needs, and which
//! would otherwise be linked into the coordinator zome as well.

#[expect(missing_docs, reason = "hdk_entry_types writes items without documentation")]
mod item;

pub use item::{EntryTypes, Item, UnitEntryTypes};
