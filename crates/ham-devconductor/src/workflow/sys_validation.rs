//! What every record of a chain must satisfy, whatever its app says. Rules and texts are those of `holochain` 0.7.1.

use holo_hash::EntryHash;
use holochain_state::source_chain::{IncompleteCommitReason, SourceChainError};
use holochain_types::prelude::{
    Action, ActionData, CreateData, ENTRY_SIZE_LIMIT, Entry, EntryType, PrevActionErrorKind, Record,
    UpdateData, entry_type_matches,
};

use super::staged::Staged;
use crate::error::{MAX_TAG_SIZE, Outcome, WorkflowError};

/// Checks a staged record; what follows the end of a chain is checked only if that end closes it. Its signature is not checked:
/// whatever stages a record lets the keystore of this process sign it.
///
/// # Errors
/// [`InvalidCommit`](SourceChainError::InvalidCommit) or [`IncompleteCommit`](SourceChainError::IncompleteCommit).
pub(super) async fn validate(
    record: &Record,
    staged: &Staged<'_>,
    closes_chains: bool,
) -> Result<(), WorkflowError> {
    check(record, staged, closes_chains).await.map_err(fails_a_commit)
}

async fn check(record: &Record, staged: &Staged<'_>, closes_chains: bool) -> Result<(), Outcome> {
    let action = record.action();
    follows_its_predecessor(action, staged, closes_chains).await?;
    if let Some(entry) = record.entry().as_option() {
        fits_its_action(action, entry)?;
    }
    match &action.data {
        ActionData::Update(update) => {
            let original = staged.retrieve(&update.original_action_address).await?;
            updates(update, &original)
        }
        ActionData::Delete(delete) => is_new_entry(&staged.retrieve(&delete.deletes_address).await?),
        ActionData::CreateLink(link) if link.tag.0.len() > MAX_TAG_SIZE => {
            Err(Outcome::TagTooLarge(link.tag.0.len()))
        }
        ActionData::DeleteLink(delete) => match staged.retrieve(&delete.link_add_address).await?.data {
            ActionData::CreateLink(_) => Ok(()),
            _ => Err(Outcome::NotCreateLink(delete.link_add_address.clone())),
        },
        _ => Ok(()),
    }
}

/// The error of a commit if a record is not what it must be.
pub(super) fn fails_a_commit(outcome: Outcome) -> WorkflowError {
    match outcome {
        Outcome::DepMissingFromDht(hash) => {
            SourceChainError::IncompleteCommit(IncompleteCommitReason::DepMissingFromDht(vec![hash])).into()
        }
        Outcome::Query(error) => error.into(),
        outcome => SourceChainError::InvalidCommit(outcome.to_string()).into(),
    }
}

async fn follows_its_predecessor(
    action: &Action,
    staged: &Staged<'_>,
    closes_chains: bool,
) -> Result<(), Outcome> {
    let fail = |kind: PrevActionErrorKind| Err(Outcome::PrevAction((kind, action.clone()).into()));
    let is_dna = matches!(action.data, ActionData::Dna(_));
    let Some(previous) = action.prev_action() else {
        return match (is_dna, action.action_seq()) {
            (true, 0) => Ok(()),
            (_, 0) => fail(PrevActionErrorKind::InvalidRoot),
            _ => fail(PrevActionErrorKind::MissingPrev),
        };
    };
    if action.action_seq() == 0 {
        return fail(PrevActionErrorKind::InvalidRoot);
    }
    if is_dna {
        return fail(PrevActionErrorKind::MissingPrev);
    }
    let previous = staged.retrieve(previous).await?;
    if closes_chains && matches!(previous.data, ActionData::CloseChain(_)) {
        return fail(PrevActionErrorKind::ActionAfterChainClose);
    }
    if previous.author() != action.author() {
        return fail(PrevActionErrorKind::Author(previous.author().clone(), action.author().clone()));
    }
    if action.timestamp() < previous.timestamp() {
        return fail(PrevActionErrorKind::Timestamp(previous.timestamp(), action.timestamp()));
    }
    if previous.action_seq().checked_add(1) != Some(action.action_seq()) {
        return fail(PrevActionErrorKind::InvalidSeq(action.action_seq(), previous.action_seq()));
    }
    let text = match (matches!(previous.data, ActionData::AgentValidationPkg(_)), is_agent_key(action)) {
        (true, false) => "Every AgentValidationPkg must be followed by a Create or Update for an AgentPubKey",
        (false, true) => {
            "Every Create or Update for an AgentPubKey must be preceded by an AgentValidationPkg"
        }
        _ => return Ok(()),
    };
    fail(PrevActionErrorKind::InvalidSuccessor(text.to_owned(), Box::new((previous, action.clone()))))
}

fn is_agent_key(action: &Action) -> bool {
    matches!(
        action.data,
        ActionData::Create(CreateData { entry_type: EntryType::AgentPubKey, .. })
            | ActionData::Update(UpdateData { entry_type: EntryType::AgentPubKey, .. })
    )
}

fn fits_its_action(action: &Action, entry: &Entry) -> Result<(), Outcome> {
    let Some((hash, entry_type)) = action.entry_data() else {
        return Err(Outcome::NotNewEntry(Box::new(action.clone())));
    };
    if !entry_type_matches(entry_type, entry) {
        return Err(Outcome::EntryTypeMismatch);
    }
    if *hash != EntryHash::with_data_sync(entry) {
        return Err(Outcome::EntryHash);
    }
    match entry {
        Entry::App(bytes) if bytes.bytes().len() > ENTRY_SIZE_LIMIT => {
            Err(Outcome::EntryTooLarge(bytes.bytes().len()))
        }
        _ => Ok(()),
    }
}

fn is_new_entry(action: &Action) -> Result<(), Outcome> {
    match action.data {
        ActionData::Create(_) | ActionData::Update(_) => Ok(()),
        _ => Err(Outcome::NotNewEntry(Box::new(action.clone()))),
    }
}

fn updates(update: &UpdateData, original: &Action) -> Result<(), Outcome> {
    let Some((hash, entry_type)) = original.entry_data() else {
        return Err(Outcome::NotNewEntry(Box::new(original.clone())));
    };
    if update.entry_type != *entry_type {
        return Err(Outcome::UpdateTypeMismatch(entry_type.clone(), update.entry_type.clone()));
    }
    if update.original_entry_address != *hash {
        return Err(Outcome::UpdateHashMismatch(hash.clone(), update.original_entry_address.clone()));
    }
    Ok(())
}
