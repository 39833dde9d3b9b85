//! Clean stop on SIGINT and SIGTERM.

use tokio::sync::watch;

/// Turns true when the process is asked to stop.
pub type ShutdownRx = watch::Receiver<bool>;

/// Watches for SIGINT (Ctrl-C) and SIGTERM from now on; the receiver turns true at the first of them and stays true.
///
/// One task listens for the life of the process; it is spawned here and ends with the runtime. Must be called inside a
/// Tokio runtime.
///
/// # Panics
/// Outside a Tokio runtime.
pub fn install_shutdown_handler() -> ShutdownRx {
    let (sender, receiver) = watch::channel(false);
    #[expect(clippy::disallowed_methods, reason = "the one listener of the process; ends with the runtime")]
    tokio::spawn(async move {
        match signal().await {
            Ok(name) => tracing::info!(signal = name, "asked to stop"),
            // Without handlers the system's default applies: the process ends.
            Err(error) => {
                tracing::error!(%error, "cannot listen for signals");
                return;
            }
        }
        sender.send_replace(true);
    });
    receiver
}

/// Resolves at the first signal that asks the process to stop.
#[cfg(unix)]
async fn signal() -> std::io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        biased;
        _ = interrupt.recv() => Ok("SIGINT"),
        _ = terminate.recv() => Ok("SIGTERM"),
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<&'static str> {
    tokio::signal::ctrl_c().await.map(|()| "Ctrl-C")
}
