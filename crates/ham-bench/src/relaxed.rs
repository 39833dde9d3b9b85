//! Relaxed writes to one chain at the same time, and what the chain holds afterwards.

use std::collections::{BTreeMap, HashSet};

use futures_util::future::join_all;
use ham::{CallOptions, CallTarget, PersistentHam};
use holochain_types::prelude::ExternIO;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ActionHash;
use serde_json::{Value, json};

/// What became of some rounds of concurrent writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Writes that were answered with an action's hash.
    pub acknowledged: usize,
    /// Of those, actions that are not on the chain.
    pub missing: usize,
    /// Writes that were refused.
    pub refused: usize,
    /// Actions on the chain.
    pub actions: usize,
    /// Sequence numbers that more than one action has.
    pub forks: usize,
    /// The most actions that share a number.
    pub most: usize,
}

/// Makes `rounds` rounds of `width` writes at a time to one cell, a round when the one before has ended, and reads its chain.
///
/// # Panics
/// When the chain cannot be read, or an answer is no action's hash.
pub async fn write(ham: &PersistentHam, cell: &CellId, width: usize, rounds: usize) -> Chain {
    let mut chain = Chain::default();
    let mut acknowledged = HashSet::new();
    for round in 0..rounds {
        let answers = join_all((0..width).map(|caller| create(ham, cell, format!("{round}-{caller}")))).await;
        for answer in answers {
            match answer {
                Ok(hash) => drop(acknowledged.insert(hash)),
                Err(_) => chain.refused += 1,
            }
        }
    }
    let (numbers, hashes) = actions(ham, cell).await;
    chain.acknowledged = acknowledged.len();
    chain.missing = acknowledged.iter().filter(|hash| !hashes.contains(hash.get_raw_39())).count();
    chain.actions = hashes.len();
    chain.forks = numbers.values().filter(|actions| **actions > 1).count();
    chain.most = numbers.values().copied().max().unwrap_or_default();
    chain
}

/// One relaxed write, by the zome of [`relaxed_bundle`](ham_launcher::Install::relaxed_bundle).
///
/// # Errors
/// The call's.
///
/// # Panics
/// When the answer is no action's hash.
pub async fn create(
    ham: &PersistentHam,
    cell: &CellId,
    call_id: String,
) -> Result<ActionHash, ham::CallError> {
    let item = ExternIO::encode(json!({ "call_id": call_id, "body": "relaxed" })).expect("a map");
    let target = CallTarget::from(cell.clone());
    let answer = ham.call_zome_raw(target, "bare", "bare_create", item, CallOptions::default()).await?;
    Ok(answer.decode().expect("an action's hash"))
}

/// How many actions have each sequence number, and the hashes of all of them, as the admin interface dumps the chain.
async fn actions(ham: &PersistentHam, cell: &CellId) -> (BTreeMap<u64, usize>, HashSet<Vec<u8>>) {
    let dump = ham.admin().expect("an admin interface").dump_state(cell, None, None).await.expect("a dump");
    let dump: Value = serde_json::from_str(&dump).expect("a dump is JSON");
    let records = dump[0]["source_chain_dump"]["records"].as_array().expect("records");
    let (mut numbers, mut hashes) = (BTreeMap::new(), HashSet::new());
    for record in records {
        let action = &record["action"];
        // 0.6 has the number in the action itself, later releases in its header.
        let number =
            action["header"]["action_seq"].as_u64().or(action["action_seq"].as_u64()).unwrap_or_default();
        *numbers.entry(number).or_default() += 1;
        hashes.insert(serde_json::from_value(record["action_address"].clone()).expect("a hash"));
    }
    (numbers, hashes)
}
