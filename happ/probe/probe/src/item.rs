//! Items, read from this agent's own chain only: a count says what really ran here, not what the network knows.

use hdk::prelude::*;
use probe_entries::{EntryTypes, Item, UnitEntryTypes};
use probe_types::{CreateItem, ItemListing};

/// Writes one item.
#[hdk_extern]
pub fn create_item(CreateItem { call_id, body }: CreateItem) -> ExternResult<ActionHash> {
    create_entry(EntryTypes::Item(Item { call_id, body }))
}

/// The item that an action of this chain wrote, or nothing.
#[hdk_extern]
pub fn get_item(action_hash: ActionHash) -> ExternResult<Option<Item>> {
    let found = query(items()?)?.into_iter().find(|record| *record.action_address() == action_hash);
    found.map(Item::try_from).transpose()
}

/// Every item of this chain, oldest first.
#[hdk_extern]
pub fn list_items() -> ExternResult<Vec<ItemListing>> {
    query(items()?)?
        .into_iter()
        .map(|record| {
            let Item { call_id, .. } = (&record).try_into()?;
            Ok(ItemListing { call_id, action_hash: record.action_address().clone() })
        })
        .collect()
}

/// How many items this chain holds.
#[hdk_extern]
pub fn count_items() -> ExternResult<usize> {
    Ok(query(items()?.include_entries(false))?.len())
}

/// Selects the actions that wrote items, with their entries.
pub(crate) fn items() -> ExternResult<ChainQueryFilter> {
    Ok(ChainQueryFilter::new().entry_type(UnitEntryTypes::Item.try_into()?).include_entries(true))
}
