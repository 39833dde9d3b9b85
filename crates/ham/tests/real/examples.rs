//! The examples, as they stand there: each survives what a service meets.

#[expect(dead_code, reason = "its `main` is the program's")]
#[path = "../../examples/bridge/main.rs"]
mod bridge;
#[expect(dead_code, reason = "its `main` is the program's")]
#[path = "../../examples/oracle.rs"]
mod oracle;
#[expect(dead_code, reason = "its `main` is the program's")]
#[path = "../../examples/watchtower.rs"]
mod watchtower;

use std::fs;
use std::time::Duration;

use bridge::{Bridge, Credited};
use ham::{AppInterface, PersistentHam};
use ham_testkit::chaos::Proxy;
use oracle::Schedule;
use serde::de::IgnoredAny;
use tokio::sync::{mpsc, watch};
use url::Url;

use crate::support::*;

#[test]
fn the_bridge_credits_each_deposit_once_though_the_conductor_and_the_bridge_die() {
    run_apart(async {
        if !remembers_nonces().await {
            return; // nothing can be fenced there
        }
        let mut conductor = start().await;
        let app_id = app(&conductor).await;
        let directory = tempfile::tempdir().unwrap();
        let bridge = Bridge::open(config(&conductor, &app_id), directory.path()).await.unwrap();
        // The conductor dies somewhere among these.
        let deposits = ["a", "b", "c", "d"];
        let crediting = async {
            let mut credited = Vec::new();
            for deposit in deposits {
                credited.push(bridge.credit(deposit).await.unwrap());
            }
            credited
        };
        let killing = async {
            conductor.kill().await.unwrap();
            conductor.restart().await.unwrap();
        };
        let (credited, ()) = tokio::join!(crediting, killing);
        let ham = connect(&conductor, &app_id).await;
        let on_chain = call_ids(&ham).await;
        for (deposit, credited) in deposits.iter().zip(&credited) {
            let times = on_chain.iter().filter(|id| id == deposit).count();
            assert_eq!(times, usize::from(*credited == Credited::Yes), "{deposit}: {credited:?}");
        }

        // The bridge dies before one is sent, and after another was, before its journal says so.
        bridge.prepare("unsent").await.unwrap();
        let call = bridge.prepare("sent").await.unwrap();
        let journalled = bridge.journal.read("sent").unwrap().unwrap();
        assert_eq!(bridge.send("sent", &call).await.unwrap(), Credited::Yes);
        bridge.journal.write("sent", &journalled).unwrap();
        drop(bridge);
        fs::write(directory.path().join("deposits"), "unsent\nsent\nnew\n").unwrap();
        let (_never, shutdown) = watch::channel(false);
        let ended = bridge::run(config(&conductor, &app_id), directory.path(), shutdown).await;
        // Only what was in doubt before may be left.
        assert_eq!(ended.is_err(), credited.contains(&Credited::InDoubt), "{ended:?}");
        let on_chain = call_ids(&ham).await;
        for deposit in ["unsent", "sent", "new"] {
            assert_eq!(on_chain.iter().filter(|id| *id == deposit).count(), 1, "{deposit}: {on_chain:?}");
        }
        ham.close().await;
        conductor.stop().await.unwrap();
    });
}

#[test]
fn the_oracle_writes_every_price_though_the_conductor_dies() {
    run_apart(async {
        let mut conductor = start().await;
        let app_id = app(&conductor).await;
        let ham = connect(&conductor, &app_id).await;
        let (stop, shutdown) = watch::channel(false);
        let schedule =
            Schedule { every: Duration::from_millis(1), stale_after: TIMEOUT, ready_within: TIMEOUT };
        // A price is taken when the round before it has ended, so the queue of one keeps test and oracle in step.
        let (prices, mut source) = mpsc::channel::<String>(1);
        let writing = oracle::run(
            &ham,
            schedule,
            async || source.recv().await.ok_or(anyhow::anyhow!("closed")),
            shutdown,
        );
        let driving = async {
            for price in 0..3 {
                prices.send(price.to_string()).await.unwrap();
            }
            conductor.kill().await.unwrap();
            conductor.restart().await.unwrap();
            for price in 3..6 {
                prices.send(price.to_string()).await.unwrap();
            }
            // The last one is taken before the oracle is asked to stop.
            let _taken = prices.reserve().await.unwrap();
            stop.send_replace(true);
        };
        let (written, ()) = tokio::join!(writing, driving);
        assert_eq!(written.unwrap(), 6);
        let mut rounds = call_ids(&ham).await;
        // A round whose answer was lost is written again.
        rounds.dedup();
        assert_eq!(rounds, (0..6).map(|round| format!("round-{round}")).collect::<Vec<_>>());
        ham.close().await;
        conductor.stop().await.unwrap();
    });
}

#[test]
fn the_watchtower_tells_of_each_item_once_though_its_link_is_cut() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let writer = connect(conductor, &app_id).await;
        let proxy = Proxy::start(([127, 0, 0, 1], app_port(&writer).await).into()).await.unwrap();
        let through = Url::parse(&format!("ws://{}", proxy.address())).unwrap();
        let config = config(conductor, &app_id).with_app(AppInterface::Url(through));
        let ham = PersistentHam::connect(config).await.unwrap();
        let create = async |call_id: &str| {
            let hash =
                writer.call_zome::<_, IgnoredAny>("probe", "probe", "create_item", item(call_id)).await;
            hash.unwrap();
        };
        let (reports, mut reported) = mpsc::channel(16);
        let (stop, shutdown) = watch::channel(false);
        let hour = Duration::from_secs(3_600);
        let report = |item: &str| reports.try_send(item.to_owned()).unwrap();
        let watching = watchtower::run(&ham, hour, report, shutdown);
        let driving = async {
            create("before").await;
            assert_eq!(reported.recv().await.unwrap(), "before");
            proxy.set_refusing(true);
            proxy.cut_now();
            create("missed").await;
            proxy.set_refusing(false);
            assert_eq!(reported.recv().await.unwrap(), "missed");
            create("after").await;
            assert_eq!(reported.recv().await.unwrap(), "after");
            stop.send_replace(true);
        };
        tokio::join!(watching, driving);
        assert!(reported.try_recv().is_err(), "each is told once");
        ham.close().await;
    });
}
