//! Writes that meet on one chain, with relaxed ordering: the conductor forks it (`docs/upstream/relaxed-writes-fork.md`), ham keeps
//! them apart. What becomes of them without lanes is a race, so it is measured, not asserted: `ham-bench --bin forks`.

use std::collections::{BTreeMap, HashSet};

use futures_util::future::join_all;
use ham::{CallError, PersistentHam};
use ham_launcher::InstallOptions;
use holo_hash::ActionHash;
use serde_json::Value;

use crate::support::*;

const ROUNDS: usize = 5;
const WIDTH: usize = 20;

/// How many actions have each sequence number, and the hashes of all of them.
async fn actions(ham: &PersistentHam) -> (BTreeMap<u64, usize>, HashSet<Vec<u8>>) {
    let cell = ham.app_info().await.unwrap().cell_info["probe"][0].clone();
    let holochain_conductor_api::CellInfo::Provisioned(cell) = cell else { panic!("{cell:?}") };
    let dump = ham.admin().unwrap().dump_state(&cell.cell_id, None, None).await.unwrap();
    let dump: Value = serde_json::from_str(&dump).unwrap();
    let (mut numbers, mut hashes) = (BTreeMap::new(), HashSet::new());
    for record in dump[0]["source_chain_dump"]["records"].as_array().unwrap() {
        let action = &record["action"];
        // 0.6 has the number in the action itself, later releases in its header. The first action of a chain has none there.
        let number =
            action["header"]["action_seq"].as_u64().or(action["action_seq"].as_u64()).unwrap_or_default();
        *numbers.entry(number).or_default() += 1;
        hashes.insert(serde_json::from_value(record["action_address"].clone()).unwrap());
    }
    (numbers, hashes)
}

#[test]
fn relaxed_writes_of_two_connections_that_meet_neither_fork_the_chain_nor_lose_their_hashes() {
    run(async {
        let conductor = shared().await;
        let app_id = "relaxed";
        let options = InstallOptions { network_seed: Some(app_id.to_owned()), ..InstallOptions::default() };
        let bundle = install().await.relaxed_bundle().unwrap();
        conductor.install_app(&bundle, app_id, options).await.unwrap();
        conductor.enable(app_id).await.unwrap();
        conductor.wait_until_callable(app_id).await.unwrap();
        let handles = [connect(conductor, app_id).await, connect(conductor, app_id).await];

        let create = |ham: PersistentHam, call_id: String| async move {
            let written: Result<ActionHash, CallError> =
                ham.call_zome("probe", "bare", "bare_create", item(&call_id)).await;
            written.unwrap()
        };
        let mut answered = Vec::new();
        for round in 0..ROUNDS {
            let writes = (0..WIDTH).map(|at| create(handles[at % 2].clone(), format!("{round}-{at}")));
            answered.extend(join_all(writes).await);
        }

        let (numbers, hashes) = actions(&handles[0]).await;
        assert!(numbers.values().all(|actions| *actions == 1), "{numbers:?}");
        let missing = answered.iter().filter(|hash| !hashes.contains(hash.get_raw_39())).count();
        assert_eq!((answered.len(), missing), (ROUNDS * WIDTH, 0));
        assert_eq!(call_ids(&handles[0]).await.len(), ROUNDS * WIDTH);
    });
}
