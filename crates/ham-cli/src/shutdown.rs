//! SIGINT, SIGTERM and SIGHUP, told apart: `ham::install_shutdown_handler` says that the process is asked to stop, an exit code
//! needs to know by which of them.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// How long the runtime may take to let go of its threads. A file or a name look-up under way is not waited for,
/// nor the data of a conductor that are being removed: those that outlive this process see to them.
pub(crate) const RELEASE_TIMEOUT: Duration = Duration::from_millis(100);

/// Listens from its creation on.
#[derive(Debug)]
pub(crate) struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal went away; `None` where that is to be ignored, as under `nohup`.
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

/// Whether this process was started with SIGHUP ignored. Listening for it would undo that. Where the system does not tell, it was
/// not.
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is that of signal 1, which is SIGHUP.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
