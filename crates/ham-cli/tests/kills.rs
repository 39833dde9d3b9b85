//! 20 kills and 200 cuts on a real conductor, 50 kills of the embedded one, with 10,000 calls, and the chain as the judge.
//! Built twice: as `kills` and as `embedded_kills`.
//!
//! The scenario is `ham demo`'s own engine. Everything it does is drawn from a seed, which the report prints; set
//! `HAM_CHAOS_SEED` to repeat a run.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::Duration;

use ham_cli::demo::{DEFAULT_OUTSTANDING, DEFAULT_SEED, DemoOptions, Progress, Report, run};
use ham_testkit::conductor::Install;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

const KILLS: u32 = if EMBEDDED { 50 } else { 20 };
const EMBEDDED: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"embedded_kills");
const CUTS: u32 = 200;
const CALLS: u32 = 10_000;

/// How much memory the process may hold more than before the load: the records of the calls, the proxy's log, the
/// allocator's reserve. A leak of one call's buffers a call would be several times this.
const MEMORY_BOUND_KIB: u64 = 48 * 1024;

/// Held by each test: memory is the process's, and two conductors at once would only slow each other down.
static ALONE: Mutex<()> = Mutex::const_new(());

fn seed() -> u64 {
    std::env::var("HAM_CHAOS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_SEED)
}

/// The conductor of this test program.
async fn install() -> Install {
    Install::of_test(env!("CARGO_CRATE_NAME")).await.expect("a conductor")
}

async fn report_of(options: DemoOptions) -> Report {
    eprintln!("seed {}", options.seed);
    let report = run(options.with_install(install().await), |progress| {
        if progress.is_worth_a_line() {
            eprintln!("{progress}");
        }
    })
    .await
    .expect("the scenario can be carried out");
    eprintln!("{report}");
    report
}

fn assert_promises(report: &Report) {
    if let Err(disagreements) = report.verdict() {
        let lines: Vec<String> = disagreements.iter().map(ToString::to_string).collect();
        panic!("{}\n{}", lines.join("\n"), report.calls.offenders.join("\n"));
    }
    for kill in &report.kills {
        assert!(kill.outstanding >= DEFAULT_OUTSTANDING, "{kill:?}");
    }
    assert!(
        report.after.tasks <= report.before.tasks,
        "{} tasks, {}",
        report.before.tasks,
        report.after.tasks
    );
    let grown = report.after.memory_kib.saturating_sub(report.before.memory_kib);
    assert!(grown <= MEMORY_BOUND_KIB, "{grown} KiB more than before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_run_twice_under_20_kills_and_200_cuts() {
    let _alone = ALONE.lock().await;
    let options =
        DemoOptions::default().with_seed(seed()).with_kills(KILLS).with_calls(CALLS).with_cuts(CUTS);
    let report = report_of(options).await;
    assert_promises(&report);

    let calls = &report.calls;
    // Beside the load, one hasty call a kill and one call a cut.
    assert_eq!(calls.made, CALLS + KILLS + CUTS);
    for function in ["create_item", "slow_create", "create_then_fail", "fail"] {
        assert!(calls.functions.get(function).is_some_and(|made| *made > 0), "{function}");
    }
    assert_eq!(report.kills.len() as u32, KILLS);
    assert_eq!(report.cuts.values().map(|place| place.cuts).sum::<u32>(), CUTS);

    assert!(calls.resumed_and_answered > 0, "no call was resumed and answered");
    assert!(calls.arrived_on_chain > 0, "no call arrived and is on the chain");
    assert!(calls.not_run >= KILLS, "hasty calls while the conductor is down do not run");
    // The cut decides what the caller is told, not chance.
    for (place, cuts) in &report.cuts {
        let resumes = !place.ends_with("not resumed");
        if place.contains("before the request") || place.contains("inside the request") {
            let told = if resumes { cuts.resumed } else { cuts.unknown };
            assert_eq!(told, cuts.cuts, "{place}: {cuts:?}");
        }
        if place.contains("before the answer") || place.contains("inside the answer") {
            let told = if resumes { cuts.arrived } else { cuts.unknown };
            assert_eq!(told, cuts.cuts, "{place}: {cuts:?}");
        }
        if place.contains("before the first") || place.contains("inside the first") {
            let told = if resumes { cuts.arrived } else { cuts.unknown };
            assert_eq!(told, cuts.cuts, "{place}: {cuts:?}");
        }
        if place.contains("after the answer") || place.contains("after the second") {
            assert_eq!(cuts.answered, cuts.cuts, "{place}: {cuts:?}");
        }
    }
}

/// A killed process is gone within milliseconds; running into this means that it stays.
const GONE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_demonstration_leaves_no_conductor() {
    let _alone = ALONE.lock().await;
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
