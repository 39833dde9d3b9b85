//! SIGINT, SIGTERM and SIGHUP, distinguished: `ham::install_shutdown_handler` only says that the process is asked to
//! stop, but an exit code needs to know by which of them.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// How long the runtime may take to release its threads. A file access or a name look-up under way is not waited for,
/// and neither is the removal of a conductor's data: a watchdog that outlives this process sees to it.
pub(crate) const RELEASE_TIMEOUT: Duration = Duration::from_millis(100);

/// Listens from its creation on.
#[derive(Debug)]
pub(crate) struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal went away; `None` if that is to be ignored, as under `nohup`.
    hangup: Option<Signal>,
}

impl Shutdown {
    /// Must be called inside a Tokio runtime.
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if ignores_hangups() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    /// Resolves at the first signal.
    pub(crate) async fn requested(&mut self) -> Exit {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = hangup => Exit::HungUp,
        }
    }
}

/// Whether this process was started with SIGHUP ignored. Listening for it would undo that. If the system does not say,
/// it was not.
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit belongs to signal 1, which is SIGHUP.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
