//! The entry and link types of the role `features`.

#[expect(missing_docs, reason = "hdk_entry_types writes items without documentation")]
mod entry;
#[expect(missing_docs, reason = "hdk_link_types writes items without documentation")]
mod link;

pub use entry::{Blob, EntryTypes, Note, SecretNote, Tick, UnitEntryTypes, VerdictEntry};
pub use link::LinkTypes;
