//! Posting amounts and adding them up, from this agent's own chain only: a count says what really ran here.

use hdk::prelude::*;
use ledger_entries::{EntryTypes, Post, UnitEntryTypes};
use probe_types::{LedgerPost, PostListing};

/// Writes one post.
#[hdk_extern]
pub fn post(LedgerPost { call_id, amount }: LedgerPost) -> ExternResult<ActionHash> {
    create_entry(EntryTypes::Post(Post { call_id, amount }))
}

/// Every post of this chain, oldest first.
#[hdk_extern]
pub fn list_posts() -> ExternResult<Vec<PostListing>> {
    let posts = ChainQueryFilter::new().entry_type(UnitEntryTypes::Post.try_into()?).include_entries(true);
    query(posts)?
        .into_iter()
        .map(|record| {
            let Post { call_id, amount } = (&record).try_into()?;
            Ok(PostListing { call_id, amount, action_hash: record.action_address().clone() })
        })
        .collect()
}

/// The sum of all posts of this chain.
#[hdk_extern]
pub fn total() -> ExternResult<u64> {
    list_posts(())?
        .iter()
        .try_fold(0_u64, |sum, post| sum.checked_add(post.amount))
        .ok_or_else(|| wasm_error!(WasmErrorInner::Guest("the total is over 64 bits".to_owned())))
}
