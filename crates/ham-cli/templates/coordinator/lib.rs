//! The functions that pages and programs call. This code can be replaced while the app runs.

use hdk::prelude::*;
use {{zome}}_integrity::{EntryTypes, LinkTypes, Note};

/// What clients are told without asking.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Signal {
    /// A call wrote these actions.
    Written { actions: Vec<ActionHash> },
}

/// A note, and the action that wrote it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listed {
    pub hash: ActionHash,
    pub text: String,
}

/// Writes a note that everybody can find.
#[hdk_extern]
pub fn create_note(note: Note) -> ExternResult<ActionHash> {
    let hash = create_entry(EntryTypes::Note(note))?;
    create_link(notes()?, hash.clone(), LinkTypes::AllNotes, ())?;
    Ok(hash)
}

/// The note that this action wrote.
#[hdk_extern]
pub fn get_note(hash: ActionHash) -> ExternResult<Option<Note>> {
    let Some(record) = get(hash, GetOptions::local())? else { return Ok(None) };
    record.entry().to_app_option().map_err(|error| wasm_error!(error))
}

/// All notes, of all agents.
#[hdk_extern]
pub fn list_notes() -> ExternResult<Vec<Listed>> {
    let links = get_links(LinkQuery::try_new(notes()?, LinkTypes::AllNotes)?, GetStrategy::Local)?;
    let mut listed = Vec::new();
    for hash in links.into_iter().filter_map(|link| link.target.into_action_hash()) {
        if let Some(Note { text }) = get_note(hash.clone())? {
            listed.push(Listed { hash, text });
        }
    }
    Ok(listed)
}

/// Tells clients what a call wrote. The conductor calls this.
#[hdk_extern(infallible)]
pub fn post_commit(actions: Vec<SignedActionHashed>) {
    let actions = actions.iter().map(|action| action.as_hash().clone()).collect();
    if let Err(error) = emit_signal(Signal::Written { actions }) {
        error!("no signal was sent: {error}");
    }
}

/// Where the links to all notes begin.
fn notes() -> ExternResult<EntryHash> {
    Path::from("notes").path_entry_hash()
}
