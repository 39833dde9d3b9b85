//! Chains, read page by page.

use ham::Admin;
use ham::holochain_client::CellId;

use super::record::{Record, records};
use crate::exit::Exit;
use crate::failure::Failure;

/// A part of a chain.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) records: Vec<Record>,
    /// How many actions the whole chain has.
    pub(crate) length: u64,
}

/// The actions of a chain in order, starting from one of them.
///
/// # Cancel safety
/// Cancel-safe: it only reads.
pub(crate) async fn chain(
    admin: &Admin,
    cell: &CellId,
    from: u32,
    limit: Option<usize>,
) -> Result<Chain, Failure> {
    let limit = limit.unwrap_or(usize::MAX);
    let mut chain: Vec<Record> = Vec::new();
    let mut after = from.checked_sub(1);
    let mut is_whole = from == 0;
    while chain.len() < limit {
        let page = page(admin, cell, after, PAGE).await?;
        let read = page.len();
        // Holochain 0.6 ignores where the page is to begin, and sends everything.
        let new = page.into_iter().filter(|record| after.is_none_or(|after| record.sequence > after));
        let before = chain.len();
        chain.extend(new);
        after = chain.last().map(|record| record.sequence).or(after);
        if chain.len() == before || read != PAGE as usize {
            break;
        }
    }
    is_whole &= chain.len() < limit;
    chain.truncate(limit);
    let last = if is_whole { chain.last().map(|last| last.sequence) } else { head(admin, cell).await? };
    Ok(Chain { records: chain, length: last.map_or(0, |last| u64::from(last) + 1) })
}

/// The sequence number of the last action, found in some dozens of short pages.
async fn head(admin: &Admin, cell: &CellId) -> Result<Option<u32>, Failure> {
    let last_after = async |after: Option<u32>| {
        let page = page(admin, cell, after, 1).await?;
        Ok::<_, Failure>(
            page.last().map(|last| last.sequence).filter(|last| after.is_none_or(|after| *last > after)),
        )
    };
    let Some(mut last) = last_after(None).await? else { return Ok(None) };
    let (mut step, mut end) = (1, None);
    while end.is_none_or(|end| last < end) {
        let probed = end.map_or_else(|| last.saturating_add(step), |end| last + (end - last) / 2);
        match last_after(Some(probed)).await? {
            Some(further) => last = further,
            None => end = Some(probed),
        }
        step = step.saturating_mul(2);
    }
    Ok(Some(last))
}

async fn page(admin: &Admin, cell: &CellId, after: Option<u32>, limit: u32) -> Result<Vec<Record>, Failure> {
    let page = admin.dump_state(cell, after, Some(limit)).await?;
    records(&page).ok_or_else(unreadable)
}

pub(super) fn unreadable() -> Failure {
    Failure::new(
        Exit::Refused,
        anyhow::anyhow!("the conductor's dump is not one that this version of ham reads"),
        "`ham info` shows the conductor's release; a later ham may read it",
    )
}

/// How many actions are requested at once.
const PAGE: u32 = 500;
