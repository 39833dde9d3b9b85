//! Distributes seeds to threads, lives them, and collects the findings.

mod sum;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use self::sum::Found;
use self::sum::Sum;
use crate::coverage::Counts;
use crate::life::Layer;
use crate::time::real;
use crate::watch::Watch;

/// Which seeds to live, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The first seed.
    pub(crate) from: u64,
    /// How many.
    pub(crate) lives: u64,
    /// On how many threads.
    pub(crate) jobs: NonZeroUsize,
    /// Whether the first finding ends the run.
    pub(crate) first: bool,
    /// How much real time one life may take.
    pub(crate) watchdog: Duration,
}

/// The outcome of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How many lives were lived.
    pub(crate) lives: u64,
    /// How many of them broke a promise.
    pub(crate) broken: u64,
    /// By invariant: the lowest seed that broke it, and more of them.
    pub(crate) found: BTreeMap<&'static str, Found>,
    /// A number that two runs of the same seeds share, whatever the number of threads.
    pub(crate) hash: u64,
    /// The states that were reached.
    pub(crate) reached: Counts,
    /// How many elements the lives had, all together.
    pub(crate) elements: u64,
    /// How long it took.
    pub(crate) took: Duration,
    /// Whether it was told to stop before its last seed.
    pub(crate) interrupted: bool,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Lives so far.
    pub(crate) lives: u64,
    /// How many of them broke a promise.
    pub(crate) broken: u64,
    /// How long it took so far.
    pub(crate) took: Duration,
}

/// Why a run has no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed} has not ended after {after:?} of real time")]
pub(crate) struct Stopped {
    /// The seed whose life does not end.
    pub(crate) seed: u64,
    /// The watchdog's bound.
    pub(crate) after: Duration,
}

/// Lives the seeds of `plan`. Ends early, and cleanly, when `stop` is set.
///
/// # Errors
/// If a life does not end: its thread is left behind, so the process should end.
pub(crate) fn run<L: Layer>(
    plan: &Plan,
    stop: &Arc<AtomicBool>,
    mut progress: impl FnMut(Progress),
) -> Result<Outcome, Stopped> {
    let began = real();
    let shared = Arc::new(Work {
        plan: *plan,
        next: AtomicU64::new(0),
        stop: Arc::clone(stop),
        found_one: AtomicBool::new(false),
        sum: Mutex::new(Sum::default()),
        watch: Watch::new(plan.jobs.get()),
    });
    let (done, threads) = sync_channel(plan.jobs.get());
    for thread in 0..plan.jobs.get() {
        let (shared, done) = (Arc::clone(&shared), done.clone());
        std::thread::spawn(move || shared.toil::<L>(thread, &done));
    }
    drop(done);
    loop {
        // Every thread holds an end of the channel; once all have dropped theirs, the work is done.
        match threads.recv_timeout(LOOK_EVERY) {
            Err(RecvTimeoutError::Disconnected) => break,
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(seed) = shared.watch.stuck(plan.watchdog) {
            return Err(Stopped { seed, after: plan.watchdog });
        }
        let sum = shared.sum();
        progress(Progress { lives: sum.lives, broken: sum.broken, took: began.elapsed() });
    }
    let sum = std::mem::take(&mut *shared.sum());
    Ok(Outcome {
        interrupted: sum.lives < plan.lives && !shared.found_one.load(Ordering::Relaxed),
        lives: sum.lives,
        broken: sum.broken,
        found: sum.found,
        hash: sum.hash,
        reached: sum.reached,
        elements: sum.elements,
        took: began.elapsed(),
    })
}

/// What the threads of a run share.
struct Work {
    plan: Plan,
    /// How many seeds have been handed out.
    next: AtomicU64,
    stop: Arc<AtomicBool>,
    found_one: AtomicBool,
    sum: Mutex<Sum>,
    watch: Watch,
}

impl Work {
    /// One thread's part. Dropping `_done` shows that it is over, even if this panics.
    fn toil<L: Layer>(&self, thread: usize, _done: &SyncSender<()>) {
        let mut sum = Sum::default();
        loop {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let enough = self.plan.first && self.found_one.load(Ordering::Relaxed);
            if next >= self.plan.lives || enough || self.stop.load(Ordering::Relaxed) {
                break;
            }
            let seed = self.plan.from.wrapping_add(next);
            self.watch.begin(thread, seed);
            let broken = sum.live::<L>(seed);
            self.watch.end(thread);
            if broken {
                self.found_one.store(true, Ordering::Relaxed);
            }
            if sum.lives == LIVES_AT_ONCE {
                self.sum().add(std::mem::take(&mut sum));
            }
        }
        self.sum().add(sum);
    }

    fn sum(&self) -> std::sync::MutexGuard<'_, Sum> {
        self.sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// How many lives a thread adds up before it reports.
const LIVES_AT_ONCE: u64 = 32;
/// How often the watchdog checks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
