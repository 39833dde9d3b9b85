//! 20 kills and 200 cuts on a real conductor, 50 kills of the embedded one, with 10,000 calls, and the chain as the judge.
//! Built twice: as `kills` and as `embedded_kills`. Other releases: `kills_of_releases.rs`.
//!
//! The scenario is `ham demo`'s own engine. Everything it does is drawn from a seed, which the report prints; set
//! `HAM_CHAOS_SEED` to repeat a run.
#![cfg(target_os = "linux")]

mod scenario;

use std::path::Path;
use std::time::Duration;

use ham_cli::demo::{DemoOptions, Progress, run};
use ham_testkit::conductor::Install;
use scenario::{Size, alone, keeps_its_promises};
use tokio::sync::watch;
use tokio::time::Instant;

const EMBEDDED: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"embedded_kills");
const SIZE: Size =
    Size { kills: if EMBEDDED { 50 } else { 20 }, cuts: 200, calls: 10_000, sees_everything: true };

/// The conductor of this test program.
async fn install() -> Install {
    Install::of_test(env!("CARGO_CRATE_NAME")).await.expect("a conductor")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_run_twice_under_20_kills_and_200_cuts() {
    let _alone = alone().await;
    keeps_its_promises(install().await, SIZE).await;
}

/// A killed process is gone within milliseconds; running into this means that it stays.
const GONE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_demonstration_leaves_no_conductor() {
    let _alone = alone().await;
    let ready = watch::Sender::new(None);
    let mut started = ready.subscribe();
    let options = DemoOptions::default().with_install(install().await);
    let process = tokio::select! {
        report = run(options, |progress| {
            if let Progress::Ready { process, .. } = progress {
                ready.send_replace(Some(process));
            }
        }) => panic!("ended early: {report:?}"),
        process = started.wait_for(Option::is_some) => process.expect("the sender lives").expect("waited for"),
    };
    let process = format!("/proc/{process}");
    let begun = Instant::now();
    // The process belongs to the dropped future's tasks, so its end is no event here.
    while Path::new(&process).exists() {
        assert!(begun.elapsed() < GONE, "{process} is still there");
        tokio::time::sleep_until(Instant::now() + Duration::from_millis(10)).await;
    }
}
