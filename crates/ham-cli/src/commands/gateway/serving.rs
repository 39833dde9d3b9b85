//! A running gateway: signals, reloads, systemd.

use std::future;
use std::io;

use ham_gateway::{Config, Server, systemd};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::failed::failed;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Requests to stop or to read the configuration again. Listens from its creation on.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn install() -> Result<Self, Failure> {
        let install = || -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
            })
        };
        install().map_err(|error| {
            Failure::new(
                Exit::Local,
                anyhow::Error::new(error).context("cannot listen for signals"),
                "free some resources",
            )
        })
    }

    /// Resolves when it is asked to stop.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The address where it serves.
pub(super) fn url(server: &Server) -> String {
    format!("http://{}", server.address())
}

/// Serves until it is asked to stop, and then lets the requests under way end, unless it is asked again.
pub(super) async fn until_stopped(
    server: Server,
    signals: &mut Signals,
    again: impl AsyncFn() -> Result<Config, Failure>,
    output: Output,
) {
    systemd::ready();
    let feed = systemd::watchdog();
    let mut fed = Instant::now();
    loop {
        let due = async {
            match feed {
                Some(interval) => sleep_until(fed + interval).await,
                None => future::pending().await,
            }
        };
        // The signals first: nothing else is as rare.
        tokio::select! {
            biased;
            _ = signals.interrupt.recv() => break,
            _ = signals.terminate.recv() => break,
            _ = signals.hangup.recv() => {
                systemd::reloading();
                tokio::select! {
                    biased;
                    () = signals.stop() => break,
                    () = reload(&server, &again, output) => {}
                }
                systemd::ready();
            }
            () = due => {
                // Not fed while the disk hangs: the next process finds what this one wrote.
                if server.is_alive() {
                    systemd::alive();
                }
                fed = Instant::now();
            }
        }
    }
    systemd::stopping();
    output.note("stopping: waiting for calls under way; interrupt again to stop at once");
    tokio::select! {
        biased;
        () = signals.stop() => {}
        () = server.stop() => {}
    }
}

/// A faulty file changes nothing.
async fn reload(server: &Server, again: &impl AsyncFn() -> Result<Config, Failure>, output: Output) {
    let reloaded = again().await.and_then(|config| {
        let unchanged = server.reload(config.clone()).map_err(failed)?;
        doubts(&config, output);
        Ok(unchanged)
    });
    match reloaded {
        Ok(unchanged) if unchanged.is_empty() => output.note("the configuration was reloaded"),
        Ok(unchanged) => output.warning(&format!(
            "the configuration was reloaded, but some changes need a restart: {}",
            unchanged.join(", ")
        )),
        Err(failure) => {
            output.warning("the configuration is wrong, so the previous one stays in force");
            output.failure(&failure);
        }
    }
}

/// Reports doubts about a configuration that is used all the same.
pub(super) fn doubts(config: &Config, output: Output) {
    for doubt in Server::check(config) {
        output.warning(&format!("the configuration: {doubt}"));
    }
}
