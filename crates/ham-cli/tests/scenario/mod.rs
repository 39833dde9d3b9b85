//! The scenario of `ham demo`, run and judged.

use ham_cli::demo::{DEFAULT_OUTSTANDING, DEFAULT_SEED, DemoOptions, Report, run};
use ham_launcher::{Install, Release};
use tokio::sync::{Mutex, MutexGuard};

/// How much memory the process may hold more than before the load: the records of the calls, the proxy's log, the
/// allocator's reserve. A leak of one call's buffers a call would be several times this.
const MEMORY_BOUND_KIB: u64 = 48 * 1024;

/// The ways in which calls are made.
const WAYS: usize = 8;

/// Held by each test: memory is the process's, and two conductors at once would only slow each other down.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) kills: u32,
    pub(crate) cuts: u32,
    pub(crate) calls: u32,
    /// So much that every kind of loss happens among the calls, whatever the machine does meanwhile.
    pub(crate) sees_everything: bool,
}

impl Size {
    const FULL: Self = Self { kills: 20, cuts: 200, calls: 10_000, sees_everything: true };

    /// This one, or with `HAM_KILLS=full` the full test.
    pub(crate) fn or_full(self) -> Self {
        if std::env::var("HAM_KILLS").is_ok_and(|text| text == "full") { Self::FULL } else { self }
    }
}

/// Runs the scenario on this conductor, and fails unless every call got a true outcome.
pub(crate) async fn keeps_its_promises(install: Install, size: Size) {
    // 0.6 forgets nonces, so ham sends nothing again there that may have been sent.
    let resumes = install.release() != Release::V0_6_3;
    let seed = std::env::var("HAM_CHAOS_SEED").ok().and_then(|text| text.parse().ok());
    let options = DemoOptions::default()
        .with_seed(seed.unwrap_or(DEFAULT_SEED))
        .with_kills(size.kills)
        .with_calls(size.calls)
        .with_cuts(size.cuts);
    let report = report_of(options.with_install(install)).await;
    check_promises(&report);
    check_losses(&report, size, resumes);
    check_cuts(&report, resumes);
}

async fn report_of(options: DemoOptions) -> Report {
    eprintln!("seed {}", options.seed);
    let report = run(options, |progress| {
        if progress.is_worth_a_line() {
            eprintln!("{progress}");
        }
    })
    .await
    .expect("the scenario can be carried out");
    eprintln!("{report}");
    report
}

fn check_promises(report: &Report) {
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

fn check_losses(report: &Report, size: Size, resumes: bool) {
    let calls = &report.calls;
    // Beside the load, one hasty call a kill and one call a cut.
    assert_eq!(calls.made, size.calls + size.kills + size.cuts);
    for function in ["create_item", "slow_create", "create_then_fail", "fail"] {
        assert!(calls.functions.get(function).is_some_and(|made| *made > 0), "{function}");
    }
    assert_eq!(report.kills.len() as u32, size.kills);
    assert_eq!(report.cuts.values().map(|place| place.cuts).sum::<u32>(), size.cuts);

    assert!(calls.not_run >= size.kills, "hasty calls while the conductor is down do not run");
    if !resumes {
        assert_eq!(calls.arrived_on_chain, 0, "only a second sending is told that the first arrived");
    }
    if size.sees_everything {
        assert!(calls.answered_on_a_later_link > 0, "no call outlived its link and was answered");
        assert!(!resumes || calls.arrived_on_chain > 0, "no call arrived and is on the chain");
        assert_eq!(calls.ways.len(), WAYS, "{:?}", calls.ways);
        let shown = if resumes { "never ran" } else { "failed" };
        assert!(calls.fences.contains_key(shown), "{:?}", calls.fences);
    }
}

/// The cut decides what the caller is told, not chance.
fn check_cuts(report: &Report, resumes: bool) {
    for (place, cuts) in &report.cuts {
        let resumes = resumes && !place.ends_with("not resumed");
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
