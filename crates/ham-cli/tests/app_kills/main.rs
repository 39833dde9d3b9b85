//! The embedded conductor is killed at random moments while apps are installed and uninstalled, clones made and deleted, and entries
//! written: it opens again, what was acknowledged is there, nothing is left of what is gone, and no chain has forked.
//!
//! Case: the first kill in the middle of a clone, and the conductor did not start again ("This cell has not had a successful genesis").
//!
//! Ten kills here. More: `HAM_APP_KILLS=200 cargo test -p ham-cli --test app_kills -- --nocapture`. Everything is drawn from a seed,
//! which is printed; set `HAM_CHAOS_SEED` to draw the same again.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod ledger;
mod load;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ham::{Admin, PersistentHam, PersistentHamConfig};
use ham_launcher::{Conductor, Install};
use holochain_conductor_api::{AppInfo, CellInfo, JsonDump};
use holochain_types::app::AppStatus;
use holochain_types::prelude::DnaHash;
use ledger::Fate;
use load::{KEPT, Load, PATIENCE, World, lock, payload};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_kills_at_random_moments() {
    let (kills, seed) = (number("HAM_APP_KILLS").unwrap_or(10), number("HAM_CHAOS_SEED").unwrap_or(13));
    eprintln!("seed {seed}, {kills} kills");
    let mut rng = StdRng::seed_from_u64(seed);
    let install = Install::embedded(env!("CARGO_BIN_EXE_ham"));
    let bundle = install.probe_bundle_path();
    let mut conductor = Conductor::builder().with_install(install).start().await.unwrap();
    let world = World::default();
    let admin = Admin::local(conductor.admin_port());
    admin.install_app(payload(&bundle, KEPT)).await.unwrap();
    admin.enable_app(KEPT).await.unwrap();
    admin.close().await;
    let mut answers = 0;
    for kill in 1..=kills {
        let admin = Admin::local(conductor.admin_port());
        let config = PersistentHamConfig::local(conductor.admin_port(), KEPT);
        let ham = timeout(PATIENCE, PersistentHam::connect(config)).await.unwrap().unwrap();
        ham.wait_until_callable("probe", PATIENCE, |_| ()).await.unwrap();
        let hashes = check(&world, &admin, &ham, &conductor).await;

        let (answered, mut count) = watch::channel(0_usize);
        let killed = CancellationToken::new();
        let load = Load {
            world: &world,
            bundle: &bundle,
            admin: &admin,
            ham: &ham,
            answered: &answered,
            killed: &killed,
        };
        let (wanted, later) = (rng.random_range(1..=12), Duration::from_micros(rng.random_range(0..=15_000)));
        let [first, second] = [StdRng::seed_from_u64(rng.random()), StdRng::seed_from_u64(rng.random())];
        let kill_it = async {
            timeout(PATIENCE, count.wait_for(|count| *count >= wanted)).await.expect("answers").unwrap();
            // A moment that is part of the scenario, inside of whatever is asked then.
            sleep_until(Instant::now() + later).await;
            killed.cancel();
            conductor.kill().await.unwrap();
            ham.close().await;
        };
        let hash_of = |seed: &str| hashes.get(seed).cloned();
        tokio::join!(load.apps(first), load.clones(second, hash_of), load.items(), kill_it);
        admin.close().await;
        answers += *answered.borrow();
        let reopened = timeout(PATIENCE, conductor.restart()).await.expect("a start in time");
        if let Err(error) = reopened {
            panic!(
                "after kill {kill} (seed {seed}) it does not open: {error:?}\n{}",
                conductor.logs().join("\n")
            );
        }
    }
    let admin = Admin::local(conductor.admin_port());
    let config = PersistentHamConfig::local(conductor.admin_port(), KEPT);
    let ham = timeout(PATIENCE, PersistentHam::connect(config)).await.unwrap().unwrap();
    ham.wait_until_callable("probe", PATIENCE, |_| ()).await.unwrap();
    check(&world, &admin, &ham, &conductor).await;
    eprintln!(
        "{kills} kills, {answers} requests acknowledged, {} entries on the chain",
        lock(&world.items).len()
    );
    ham.close().await;
    conductor.stop().await.unwrap();
}

/// Compares everything that is there with what has to be; answers the hashes of the clones.
async fn check(
    world: &World,
    admin: &Admin,
    ham: &PersistentHam,
    conductor: &Conductor,
) -> BTreeMap<String, DnaHash> {
    let apps = admin.list_apps(None).await.unwrap();
    let kept = apps.iter().find(|app| app.installed_app_id == KEPT).expect("the app that stays");
    let others = apps.iter().filter(|app| app.installed_app_id != KEPT);
    let others: BTreeMap<_, _> = others.map(|app| (app.installed_app_id.clone(), fate(app))).collect();
    lock(&world.apps).compare(&others).unwrap();

    let clones = kept.cell_info["probe"].iter().filter_map(|cell| match cell {
        CellInfo::Cloned(clone) => Some(clone),
        _ => None,
    });
    let clones: Vec<_> = clones.map(|clone| (clone.dna_modifiers.network_seed.clone(), clone)).collect();
    let is_on = |enabled| if enabled { Fate::On } else { Fate::Off };
    let fates = clones.iter().map(|(seed, clone)| (seed.clone(), is_on(clone.enabled))).collect();
    lock(&world.clones).compare(&fates).unwrap();
    let hash = |cell: &holochain_types::prelude::CellId| cell.dna_hash().clone();
    let hashes = clones.iter().map(|(seed, clone)| (seed.clone(), hash(&clone.cell_id))).collect();

    #[derive(Debug, serde::Deserialize)]
    struct Item {
        call_id: String,
    }
    let items: Vec<Item> = ham.call_zome("probe", "probe", "list_items", ()).await.unwrap();
    let items: Vec<String> = items.into_iter().map(|item| item.call_id).collect();
    lock(&world.items).compare(&items).unwrap();

    for app in &apps {
        for cell in admin.list_cell_ids().await.unwrap() {
            if app.agent_pub_key == *cell.agent_pubkey() {
                is_one_chain(&admin.dump_state(&cell, None, None).await.unwrap());
            }
        }
    }
    let used = apps.iter().flat_map(|app| app.cell_info.values().flatten());
    let used: BTreeSet<String> = used.filter_map(|cell| Some(format!("dht-{}.db", dna_of(cell)?))).collect();
    let files = std::fs::read_dir(conductor.data().join("databases")).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> =
        files.filter(|file| file.starts_with("dht-") && file.ends_with(".db")).collect();
    assert_eq!(files, used, "the databases are those of what is there");
    hashes
}

fn fate(app: &AppInfo) -> Fate {
    if app.status == AppStatus::Enabled { Fate::On } else { Fate::Off }
}

fn dna_of(cell: &CellInfo) -> Option<DnaHash> {
    match cell {
        CellInfo::Provisioned(cell) => Some(cell.cell_id.dna_hash().clone()),
        CellInfo::Cloned(cell) => Some(cell.cell_id.dna_hash().clone()),
        CellInfo::Stem(_) => None,
    }
}

/// Each action follows the one before it.
fn is_one_chain(dump: &str) {
    let (dump, _): (JsonDump, String) = serde_json::from_str(dump).unwrap();
    let records = dump.source_chain_dump.records;
    for (number, pair) in records.windows(2).enumerate() {
        assert_eq!(pair[1].action.action_seq() as usize, number + 1, "{pair:?}");
        assert_eq!(pair[1].action.prev_action(), Some(&pair[0].action_address), "{pair:?}");
    }
}
