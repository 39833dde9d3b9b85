//! SIGINT and SIGTERM, told apart: `ham::install_shutdown_handler` says that the process is asked to stop, an exit code
//! needs to know by which of them.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// How long the runtime may take to let go of its threads. A file or a name look-up under way is not waited for.
pub(crate) const RELEASE_TIMEOUT: Duration = Duration::from_millis(100);

/// Listens from its creation on.
#[derive(Debug)]
pub(crate) struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
}

impl Shutdown {
    /// Must be called inside a Tokio runtime.
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Resolves at the first signal.
    pub(crate) async fn requested(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
