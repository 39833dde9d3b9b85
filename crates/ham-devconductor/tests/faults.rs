//! What a test does to a conductor that runs: it goes back to how it was, its clock goes on, its host functions fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ham_devconductor::{Config, DevConductor};
use holochain_client::{AppWebsocket, CellId, ExternIO, IssueAppAuthenticationTokenPayload};
use holochain_types::app::CreateCloneCellPayload;
use holochain_types::prelude::{ActionHash, DnaModifiersOpt, Timestamp};
use holochain_types::signal::Signal;
use serde_json::json;
use support::{admin, call, enter, install, must};

#[derive(Debug, serde::Deserialize)]
struct Ticks {
    persisted: u32,
}

async fn create(client: &AppWebsocket, cell: &CellId, id: &str) -> ActionHash {
    let item = json!({ "call_id": id, "body": "of a test" });
    call(client, cell.clone(), "create_item", item).await.unwrap()
}

async fn count(client: &AppWebsocket, cell: &CellId) -> u64 {
    call(client, cell.clone(), "count_items", ()).await.unwrap()
}

async fn goes_back(config: Config) {
    let conductor = DevConductor::start_with(config).await.unwrap();
    let admin = admin(&conductor).await;
    install(&admin, "probe.happ", "before").await;
    let (client, cell) = enter(&admin, "before", "probe").await;
    create(&client, &cell, "1").await;
    let snapshot = conductor.snapshot().await.unwrap();
    let (apps, cells) = (admin.list_apps(None).await.unwrap(), admin.list_cell_ids().await.unwrap().len());
    for round in 0..3 {
        create(&client, &cell, &format!("after {round}")).await;
        install(&admin, "features.happ", "after").await;
        let modifiers = DnaModifiersOpt::none().with_network_seed("after".to_owned());
        let role_name = "probe".to_owned();
        let clone = CreateCloneCellPayload { role_name, modifiers, membrane_proof: None, name: None };
        client.create_clone_cell(clone).await.unwrap();
        assert_eq!(count(&client, &cell).await, 2);

        must(conductor.revert(&snapshot)).await.unwrap();
        // On the connections of before.
        assert_eq!(admin.list_apps(None).await.unwrap(), apps);
        assert_eq!(admin.list_cell_ids().await.unwrap().len(), cells);
        assert_eq!(count(&client, &cell).await, 1);
    }
    // What is uninstalled comes back as well, and the chain goes on from there.
    admin.uninstall_app("before".to_owned(), false).await.unwrap();
    must(conductor.revert(&snapshot)).await.unwrap();
    let (client, cell) = enter(&admin, "before", "probe").await;
    create(&client, &cell, "2").await;
    let conductor = if conductor.is_temporary() { conductor } else { conductor.restart().await.unwrap() };
    let admin = support::admin(&conductor).await;
    let (client, cell) = enter(&admin, "before", "probe").await;
    assert_eq!(count(&client, &cell).await, 2);
    conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_conductor_goes_back() {
    goes_back(Config::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_conductor_goes_back_and_keeps_that() {
    let directory = tempfile::tempdir().unwrap();
    goes_back(Config::default().with_data(directory.path())).await;
    assert!(!directory.path().join("snapshots").exists());
}

/// A commit is there as a whole, or not at all; what is acknowledged before is.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_between_commits_is_whole() {
    let conductor = DevConductor::start().await.unwrap();
    let admin = admin(&conductor).await;
    install(&admin, "probe.happ", "app").await;
    let (client, cell) = enter(&admin, "app", "probe").await;
    create(&client, &cell, "first").await;
    let (acknowledged, saving) = (AtomicU64::new(1), AtomicBool::new(true));
    let writing = async {
        let mut begun = 1;
        while saving.load(Ordering::Relaxed) {
            begun += 1;
            create(&client, &cell, &begun.to_string()).await;
            acknowledged.store(begun, Ordering::Relaxed);
        }
    };
    let mut snapshots = Vec::new();
    let steering = async {
        for _ in 0..5 {
            let least = acknowledged.load(Ordering::Relaxed);
            let snapshot = must(conductor.snapshot()).await.unwrap();
            let most = acknowledged.load(Ordering::Relaxed) + 1;
            snapshots.push((snapshot, least..=most));
        }
        saving.store(false, Ordering::Relaxed);
    };
    tokio::join!(writing, steering);
    for (snapshot, may_have) in &snapshots {
        must(conductor.revert(snapshot)).await.unwrap();
        let has = count(&client, &cell).await;
        assert!(may_have.contains(&has), "{has} of {may_have:?}");
        // The chain goes on where it ends.
        create(&client, &cell, "again").await;
        assert_eq!(count(&client, &cell).await, has + 1);
    }
    conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_goes_on_by_hours_and_calls_are_still_good() {
    let conductor = DevConductor::start().await.unwrap();
    let admin = admin(&conductor).await;
    install(&admin, "features.happ", "features").await;
    let (client, cell) = enter(&admin, "features", "features").await;
    let (ticked, mut ticks) = tokio::sync::mpsc::channel(100);
    client
        .on_signal(move |signal| {
            if matches!(signal, Signal::App { .. }) {
                ticked.try_send(()).unwrap();
            }
        })
        .await;
    let call = async |function: &str, input: ExternIO| {
        client.call_zome(cell.clone().into(), "features".into(), function.into(), input).await
    };
    let token = IssueAppAuthenticationTokenPayload::for_installed_app_id("features".to_owned());
    let token = admin.issue_app_auth_token(token.expiry_seconds(60)).await.unwrap().token;
    let before: Timestamp = call("now", ExternIO::encode(()).unwrap()).await.unwrap().decode().unwrap();

    assert_eq!(conductor.advance_clock(Duration::from_secs(7200)), Ok(Duration::from_secs(7200)));
    let after: Timestamp = call("now", ExternIO::encode(()).unwrap()).await.unwrap().decode().unwrap();
    assert!(after.as_micros() - before.as_micros() >= 7_200_000_000);
    let port = conductor.attach_app_interface(0).await.unwrap();
    let signer = holochain_client::ClientAgentSigner::default();
    let late = AppWebsocket::connect(("127.0.0.1", port), token, signer.into(), None).await;
    assert!(late.is_err(), "a token of a minute is good after two hours");

    // A clock that stands is put forward too. The next run is due a second after the first.
    let then = (Timestamp::now() + Duration::from_secs(60)).unwrap();
    conductor.reset_clock();
    conductor.freeze_clock(Some(then)).unwrap();
    call("schedule_function", ExternIO::encode("tick_persisted").unwrap()).await.unwrap();
    let runs = async || -> u32 {
        let ticks: Ticks = call("ticks", ExternIO::encode(()).unwrap()).await.unwrap().decode().unwrap();
        ticks.persisted
    };
    while runs().await == 0 {
        must(ticks.recv()).await.unwrap();
    }
    assert_eq!(runs().await, 1);
    conductor.advance_clock(Duration::from_secs(1)).unwrap();
    while runs().await == 1 {
        must(ticks.recv()).await.unwrap();
    }
    conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_function_fails_as_often_as_was_asked_for() {
    let conductor = DevConductor::start().await.unwrap();
    let admin = admin(&conductor).await;
    install(&admin, "probe.happ", "probe").await;
    let (client, cell) = enter(&admin, "probe", "probe").await;
    conductor.fail_host_function("create", 1).unwrap();
    let item = json!({ "call_id": "1", "body": "not written" });
    let failed = call::<ActionHash>(&client, cell.clone(), "create_item", item).await.unwrap_err();
    assert!(format!("{failed:?}").contains("create fails, as a test asked"), "{failed:?}");
    create(&client, &cell, "1").await;
    assert_eq!(count(&client, &cell).await, 1);
    let unknown = conductor.fail_host_function("destroy", 1).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no host function `destroy`");
    conductor.shut_down().await;
}
