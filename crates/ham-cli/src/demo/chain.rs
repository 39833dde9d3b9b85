//! The contents of the source chains.

use std::collections::HashMap;

use ham::{CallTarget, PersistentHam};

use super::error::DemoError;
use super::probe::{Grant, Item, ZOME};

/// The contents of all cells' chains.
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// How many actions each call id is on.
    pub(super) actions: HashMap<String, u32>,
    /// Items listed.
    pub(super) listed: u64,
    /// Items as counted by a function that does not read them.
    pub(super) counted: u64,
}

/// Reads every cell's chain.
pub(super) async fn read(ham: &PersistentHam, cells: &[CallTarget]) -> Result<Chains, DemoError> {
    let mut chains = Chains::default();
    for cell in cells {
        let items: Vec<Item> = ham
            .call_zome(cell.clone(), ZOME, "list_items", ())
            .await
            .map_err(DemoError::calling("list the items of a chain"))?;
        chains.listed += items.len() as u64;
        chains.counted += count_items(ham, cell).await?;
        for item in items {
            *chains.actions.entry(item.call_id).or_default() += 1;
        }
    }
    Ok(chains)
}

/// How many items a cell's chain has.
pub(super) async fn count_items(ham: &PersistentHam, cell: &CallTarget) -> Result<u64, DemoError> {
    let counted = ham.call_zome(cell.clone(), ZOME, "count_items", ()).await;
    counted.map_err(DemoError::calling("count the items of a chain"))
}

/// How many capability grants on a cell's chain are not revoked.
pub(super) async fn count_grants(ham: &PersistentHam, cell: &CallTarget) -> Result<usize, DemoError> {
    let listed: Result<Vec<Grant>, _> = ham.call_zome(cell.clone(), ZOME, "list_grants", ()).await;
    listed.map(|grants| grants.len()).map_err(DemoError::calling("list the grants of a chain"))
}
