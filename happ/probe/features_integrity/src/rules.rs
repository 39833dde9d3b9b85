//! Finding the rule that an operation is judged by.

use hdi::prelude::*;
use probe_types::features::{OpKind, Outcome, Verdict};

/// What the first fitting rule says, when the operation is about a verdict at all.
pub(crate) fn outcome_of(op: &Op) -> ExternResult<Option<Outcome>> {
    let Some(verdict) = verdict_of(op)? else { return Ok(None) };
    let (kind, action, zome) = (kind_of(op), op.action_type(), zome_info()?.name.0.to_string());
    Ok(verdict
        .rules
        .into_iter()
        .find(|rule| {
            rule.op == kind
                && rule.action.is_none_or(|wanted| wanted == action)
                && rule.zome.as_ref().is_none_or(|wanted| *wanted == zome)
        })
        .map(|rule| rule.outcome))
}

fn kind_of(op: &Op) -> OpKind {
    match op {
        Op::CreateRecord(_) => OpKind::CreateRecord,
        Op::CreateEntry(_) => OpKind::CreateEntry,
        Op::Update(_) => OpKind::Update,
        Op::Delete(_) => OpKind::Delete,
        Op::AgentActivity(_) => OpKind::AgentActivity,
        Op::CreateLink(_) => OpKind::CreateLink,
        Op::DeleteLink(_) => OpKind::DeleteLink,
    }
}

/// The verdict that an operation writes, replaces by, deletes, or carries in the tag of its link.
fn verdict_of(op: &Op) -> ExternResult<Option<Verdict>> {
    match op {
        Op::CreateRecord(CreateRecord { record }) => match record.entry().as_option() {
            Some(entry) => Ok(from_entry(entry)),
            None => by_action(record.action()),
        },
        Op::CreateEntry(CreateEntry { entry, .. }) => Ok(from_entry(entry)),
        Op::Update(Update { new_entry, .. }) => Ok(new_entry.as_ref().and_then(from_entry)),
        Op::Delete(Delete { delete }) => by_action(&delete.hashed.content),
        Op::AgentActivity(AgentActivity { action, .. }) => by_action(&action.hashed.content),
        Op::CreateLink(CreateLink { create_link }) => by_action(&create_link.hashed.content),
        Op::DeleteLink(DeleteLink { create_link, .. }) => by_action(create_link),
    }
}

/// For operations that carry an action only. Where what it points at is not known yet, the conductor tries again.
fn by_action(action: &Action) -> ExternResult<Option<Verdict>> {
    match &action.data {
        ActionData::Create(CreateData { entry_type, entry_hash })
        | ActionData::Update(UpdateData { entry_type, entry_hash, .. }) => {
            by_entry_hash(entry_type, entry_hash)
        }
        ActionData::Delete(DeleteData { deletes_address, .. }) => {
            match &must_get_action(deletes_address.clone())?.hashed.content.data {
                ActionData::Create(CreateData { entry_type, entry_hash })
                | ActionData::Update(UpdateData { entry_type, entry_hash, .. }) => {
                    by_entry_hash(entry_type, entry_hash)
                }
                _ => Ok(None),
            }
        }
        ActionData::CreateLink(CreateLinkData { tag, .. }) => Ok(decode(&tag.0).ok()),
        ActionData::DeleteLink(DeleteLinkData { link_add_address, .. }) => {
            by_action(&must_get_action(link_add_address.clone())?.hashed.content)
        }
        _ => Ok(None),
    }
}

/// Private entries are known to their author only, so nobody is judged by them.
fn by_entry_hash(entry_type: &EntryType, hash: &EntryHash) -> ExternResult<Option<Verdict>> {
    match entry_type {
        EntryType::App(def) if def.visibility().is_public() => {
            Ok(from_entry(&must_get_entry(hash.clone())?.content))
        }
        _ => Ok(None),
    }
}

/// Entries of other types do not have a verdict's fields.
fn from_entry(entry: &Entry) -> Option<Verdict> {
    match entry {
        Entry::App(bytes) => decode(bytes.bytes()).ok(),
        _ => None,
    }
}
