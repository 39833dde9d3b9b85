//! What the integrity zomes say about the operations of a record.

use holochain_state::source_chain::{IncompleteCommitReason, SourceChainError};
use holochain_types::prelude::{
    Action, ActionData, AgentActivity, AppEntryDef, ChainOpType, CreateEntry, CreateLink, CreateRecord,
    Delete, DeleteLink, EntryType, EntryVisibility, ExternIO, FunctionName, Op, Record, RecordEntry,
    UnresolvedDependencies, Update, ValidateCallbackResult, ZomeIndex, ZomeName,
};

use super::staged::Staged;
use super::sys_validation::fails_a_commit;
use crate::error::{Outcome, WorkflowError};
use crate::ribosome::{Ribosome, names};
use crate::run::Run;

/// Lets the zomes that it concerns validate an operation of a staged record.
///
/// # Errors
/// [`InvalidCommit`](SourceChainError::InvalidCommit) with the reason the zome gave, or
/// [`IncompleteCommit`](SourceChainError::IncompleteCommit).
pub(super) async fn validate(
    record: &Record,
    op_type: ChainOpType,
    staged: &Staged<'_>,
    run: &Run<'_>,
) -> Result<(), WorkflowError> {
    entry_def_exists(record.action(), run.ribosome)?;
    let Some(op) = operation(record, op_type, staged).await? else { return Ok(()) };
    let zomes = concerned(&op, staged, run.ribosome).await?;
    let input = ExternIO::encode(&op)?;
    let results =
        run.callbacks::<ValidateCallbackResult>(zomes, &FunctionName::new("validate"), &input).await;
    results.map_err(SourceChainError::other)?.into_iter().try_for_each(|(_, result)| accept(result))
}

fn accept(result: ValidateCallbackResult) -> Result<(), WorkflowError> {
    match result {
        ValidateCallbackResult::Valid => Ok(()),
        ValidateCallbackResult::Invalid(reason) => Err(invalid(&reason)),
        ValidateCallbackResult::UnresolvedDependencies(missing) => {
            let missing = match missing {
                UnresolvedDependencies::Hashes(hashes) => hashes,
                UnresolvedDependencies::AgentActivity(author, _) => vec![author.into()],
            };
            Err(SourceChainError::IncompleteCommit(IncompleteCommitReason::DepMissingFromDht(missing)).into())
        }
    }
}

fn invalid(reason: &str) -> WorkflowError {
    SourceChainError::InvalidCommit(format!("Validation failed while committing: {reason}")).into()
}

/// The operation as the zome sees it: a private entry is visible only where it is stored.
async fn operation(
    record: &Record,
    op_type: ChainOpType,
    staged: &Staged<'_>,
) -> Result<Option<Op>, WorkflowError> {
    let action = record.signed_action().clone();
    let entry = record.entry().as_option();
    let visibility = record.action().entry_visibility();
    let public = || entry.filter(|_| visibility != Some(&EntryVisibility::Private)).cloned();
    Ok(Some(match op_type {
        ChainOpType::CreateRecord => {
            let entry = RecordEntry::new(visibility, public());
            Op::CreateRecord(CreateRecord { record: Record::new(action, entry) })
        }
        ChainOpType::CreateEntry => {
            let Some(entry) = entry.cloned() else { return Ok(None) };
            Op::CreateEntry(CreateEntry { action, entry })
        }
        ChainOpType::AgentActivity => Op::AgentActivity(AgentActivity { action, cached_entry: None }),
        ChainOpType::UpdateEntry | ChainOpType::UpdateRecord => {
            Op::Update(Update { update: action, new_entry: public() })
        }
        ChainOpType::DeleteRecord | ChainOpType::DeleteEntry => Op::Delete(Delete { delete: action }),
        ChainOpType::CreateLink => Op::CreateLink(CreateLink { create_link: action }),
        ChainOpType::DeleteLink => {
            let ActionData::DeleteLink(data) = &record.action().data else { return Ok(None) };
            let create_link = staged.retrieve(&data.link_add_address).await.map_err(fails_a_commit)?;
            Op::DeleteLink(DeleteLink { delete_link: action, create_link })
        }
    }))
}

fn entry_def_exists(action: &Action, ribosome: &Ribosome) -> Result<(), WorkflowError> {
    let Some((_, EntryType::App(def))) = action.entry_data() else { return Ok(()) };
    let outcome = match ribosome.integrity_zome(def.zome_index()) {
        None => Outcome::ZomeIndex(def.clone()),
        Some(_) => match ribosome.entry_def(def.zome_index(), def.entry_index().0) {
            None => Outcome::EntryDefId(def.clone()),
            Some(known) if known.visibility != *def.visibility() => Outcome::EntryVisibility(def.clone()),
            Some(_) => return Ok(()),
        },
    };
    Err(SourceChainError::other(outcome).into())
}

/// The zome that defined what the operation is about; all zomes if none did.
async fn concerned(
    op: &Op,
    staged: &Staged<'_>,
    ribosome: &Ribosome,
) -> Result<Vec<ZomeName>, WorkflowError> {
    let data = match op {
        Op::AgentActivity(_) => return Ok(names(ribosome.integrity())),
        Op::CreateRecord(op) => &op.record.action().data,
        Op::CreateEntry(op) => &op.action.hashed.content.data,
        Op::Update(op) => &op.update.hashed.content.data,
        Op::Delete(op) => &op.delete.hashed.content.data,
        Op::CreateLink(op) => &op.create_link.hashed.content.data,
        Op::DeleteLink(op) => &op.create_link.data,
    };
    let about = match data {
        ActionData::Delete(delete) => Some(&delete.deletes_address),
        ActionData::DeleteLink(delete) => Some(&delete.link_add_address),
        _ => None,
    };
    let index = match about {
        Some(hash) => defined_in(&staged.retrieve(hash).await.map_err(fails_a_commit)?.data),
        None => defined_in(data),
    };
    let Some(index) = index else { return Ok(names(ribosome.integrity())) };
    match ribosome.integrity_zome(index) {
        Some(zome) => Ok(vec![zome.name.clone()]),
        None => Err(invalid(&format!("No integrity zome found with index {index:?}"))),
    }
}

fn defined_in(data: &ActionData) -> Option<ZomeIndex> {
    let of = |entry_type: &EntryType| match entry_type {
        EntryType::App(AppEntryDef { zome_index, .. }) => Some(*zome_index),
        _ => None,
    };
    match data {
        ActionData::CreateLink(link) => Some(link.zome_index),
        ActionData::Create(create) => of(&create.entry_type),
        ActionData::Update(update) => of(&update.entry_type),
        _ => None,
    }
}
