//! A source chain as `dump_state` writes it, in the format of each release.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dialect::Dialect;
use crate::dialect::table::ActionShape;
use crate::wire::BadAnswer;

/// The parts of a record that ham looks at.
pub(super) struct Record {
    pub(super) address: Vec<u8>,
    pub(super) closes: bool,
    /// The action that this one deletes.
    pub(super) deletes: Option<Vec<u8>>,
    /// The tag of the grant, if it is one.
    pub(super) tag: Option<String>,
}

/// The dump is a JSON array whose first element holds the chain; human-readable text follows.
#[derive(Deserialize)]
struct Dump<'a>(#[serde(borrow)] State<'a>, serde::de::IgnoredAny);

#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow)]
    source_chain_dump: SourceChain<'a>,
}

#[derive(Deserialize)]
struct SourceChain<'a> {
    #[serde(borrow)]
    records: Vec<RecordIn<'a>>,
}

#[derive(Deserialize)]
struct RecordIn<'a> {
    action_address: Vec<u8>,
    action: ActionIn,
    #[serde(borrow)]
    entry: Option<EntryIn<'a>>,
}

/// Either shape; the dialect says which one is expected.
#[derive(Deserialize)]
struct ActionIn {
    #[serde(flatten)]
    flat: DataIn,
    header: Option<HeaderIn>,
    data: Option<DataIn>,
}

#[derive(Deserialize)]
struct HeaderIn {
    action_seq: u32,
}

#[derive(Deserialize)]
struct DataIn {
    r#type: Option<String>,
    deletes_address: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct EntryIn<'a> {
    entry_type: &'a str,
    /// Kept as text: entries may be large, and ham looks only into grants.
    #[serde(borrow)]
    entry: &'a RawValue,
}

#[derive(Deserialize)]
struct GrantIn {
    tag: String,
}

/// Where a dump fails to parse. The error's own text can quote it, and dumps hold capability secrets.
fn without_content(error: &serde_json::Error) -> String {
    format!("the dump has an error of {:?} at {}:{}", error.classify(), error.line(), error.column())
}

/// The records of a dump in the release's format, and no more than were requested.
pub(super) fn read(
    dump: &str,
    dialect: &Dialect,
    after: Option<u32>,
    limit: u32,
) -> Result<Vec<Record>, BadAnswer> {
    let Dump(state, _) =
        serde_json::from_str(dump).map_err(|error| BadAnswer::Undecodable(without_content(&error)))?;
    let otherwise = |why: &str| BadAnswer::OtherRelease { release: dialect.release, why: why.to_owned() };
    let records = state.source_chain_dump.records;
    if dialect.pages_chains {
        if records.len() > limit as usize {
            return Err(otherwise("it answers more of a chain than was asked for"));
        }
        let seq = |record: &RecordIn<'_>| record.action.header.as_ref().map(|header| header.action_seq);
        let wanted = after.map_or(0, |after| after.saturating_add(1));
        if records.first().is_some_and(|record| seq(record) != Some(wanted)) {
            return Err(otherwise("it answers another part of a chain than was asked for"));
        }
    }
    records
        .into_iter()
        .map(|record| {
            let data = match dialect.actions {
                ActionShape::Flat => Some(record.action.flat),
                ActionShape::HeaderAndData => record.action.data,
            };
            let Some(DataIn { r#type: Some(kind), deletes_address }) = data else {
                return Err(otherwise("its actions are not written that way"));
            };
            let grant = record.entry.filter(|entry| entry.entry_type == "CapGrant");
            let tag = grant.and_then(|grant| serde_json::from_str::<GrantIn>(grant.entry.get()).ok());
            Ok(Record {
                address: record.action_address,
                closes: kind == "CloseChain",
                deletes: deletes_address,
                tag: tag.map(|grant| grant.tag),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
