//! One life, from its data to what is wrong with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::fmt::MakeWriter;

use crate::coverage::Counts;
use crate::finding::{ENDLESS, Finding, PANICS, THREADS, Verdict};
use crate::history::{History, Recorder};
use crate::life::Layer;
use crate::panics::caught;

/// A life that was lived and judged.
#[derive(Debug)]
pub(crate) struct Lived<E> {
    /// What happened.
    pub(crate) history: History<E>,
    /// What is wrong with it.
    pub(crate) findings: Vec<Finding>,
    /// The states it went through.
    pub(crate) reached: Counts,
}

/// Lives a life on this thread and judges it. With `log`, the history includes what ham logs.
#[must_use]
pub(crate) fn live_one<L: Layer>(life: &L::Life, log: bool) -> Lived<L::Event> {
    live_seen::<L>(life, log, |_| {})
}

/// The same, but hands out the recorder at the start, for watching a life that does not end.
pub(crate) fn live_seen<L: Layer>(
    life: &L::Life,
    log: bool,
    seen: impl FnOnce(Recorder<L::Event>),
) -> Lived<L::Event> {
    let blocking = Arc::new(AtomicBool::new(false));
    let lived = life.clone();
    let (history, panics) = caught(|| {
        let runtime = runtime(&blocking);
        // The runtime's clock is the one that the recorder starts with.
        let recorder = runtime.block_on(async { Recorder::new() });
        seen(recorder.clone());
        let living = || {
            let life = async { tokio::time::timeout(L::BOUND, L::live(lived, recorder.clone())).await };
            runtime.block_on(life).is_ok()
        };
        let (ended, panics) = if log { logged(&recorder, || caught(living)) } else { caught(living) };
        let history = recorder.end();
        (history, ended, panics)
    });
    let mut verdict = Verdict::new();
    let (history, ended, mut all) = history.unwrap_or_else(|| {
        (History { entries: Vec::new(), log: Vec::new() }, None, vec!["the runtime panicked".to_owned()])
    });
    all.extend(panics);
    for panic in all {
        verdict.find(PANICS, None, panic);
    }
    if ended == Some(false) {
        verdict.find(ENDLESS, None, format_args!("the life did not end within {:?}", L::BOUND));
    }
    if blocking.load(Ordering::Relaxed) {
        verdict.find(THREADS, None, "a blocking thread was started");
    }
    // A life that was cut off in the middle would only be found to be incomplete.
    if ended == Some(true) && verdict.is_clean() {
        L::judge(life, &history, &mut verdict);
    }
    let (findings, reached) = verdict.into_parts();
    debug_assert!(reached.names().all(|name| L::STATES.contains(&name)), "a state that is in no table");
    Lived { history, findings, reached }
}

/// The runtime of one life: nothing on it can wait for anything real. A current-thread runtime starts threads only for blocking work.
fn runtime(blocking: &Arc<AtomicBool>) -> Runtime {
    let blocking = Arc::clone(blocking);
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .on_thread_start(move || blocking.store(true, Ordering::Relaxed))
        .build()
        .expect("a runtime without I/O takes nothing that could be refused")
}

fn logged<E: Send + 'static, T>(recorder: &Recorder<E>, f: impl FnOnce() -> T) -> T {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .without_time()
        .with_ansi(false)
        .with_writer(LogWriter { recorder: recorder.clone() })
        .finish();
    tracing::subscriber::with_default(subscriber, f)
}

/// Writes log lines into a history.
struct LogWriter<E> {
    recorder: Recorder<E>,
}

impl<E> std::io::Write for LogWriter<E> {
    /// Called once per line.
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.recorder.note_log(String::from_utf8_lossy(line).trim().to_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<E> MakeWriter<'_> for LogWriter<E> {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self { recorder: self.recorder.clone() }
    }
}
