//! A conductor and its life: start, stop, kill, freeze.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::process::Signal;
use tokio::sync::broadcast;
use url::Url;

use super::boot;
use super::builder::ConductorBuilder;
use super::data::DataDirectory;
use super::logs::Logs;
use super::process::Process;
use super::settings::Passphrase;
use super::start::start;
use crate::error::LaunchError;
use crate::find::install::Install;
use crate::find::release::Release;

mod restart;

/// A real conductor, owned: dropping it kills the process and removes temporary data. Nor does the process outlive this one, even if
/// this one is killed.
#[derive(Debug)]
pub struct Conductor {
    builder: ConductorBuilder,
    install: Install,
    data: Arc<DataDirectory>,
    logs: Logs,
    admin_port: u16,
    process: Process,
}

/// How a conductor stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// It had already ended.
    Already,
    /// It ended by itself after the signal, with this status.
    Clean(ExitStatus),
    /// It did not end in time and was killed.
    Killed,
}

impl ConductorBuilder {
    /// Starts the conductor and resolves when its admin interface is open. The first start on a machine may build it
    /// ([`Install::ensure_release`]); that time is not counted.
    ///
    /// # Errors
    /// [`LaunchError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: the process is killed and temporary data removed.
    pub async fn start(self) -> Result<Conductor, LaunchError> {
        let install = match &self.install {
            Some(install) => install.clone(),
            None => Install::ensure_release(self.release).await?,
        };
        let data = Arc::new(self.data_directory()?);
        let logs = Logs::default();
        let (process, admin_port) = start(&self, &install, &data, &logs, self.admin_port).await?;
        Ok(Conductor { builder: self, install, data, logs, admin_port, process })
    }
}

impl Conductor {
    /// A conductor with the defaults of [`ConductorBuilder`].
    #[must_use]
    pub fn builder() -> ConductorBuilder {
        ConductorBuilder::default()
    }

    /// The release of the binary it runs.
    #[must_use]
    pub fn release(&self) -> Release {
        self.install.release()
    }

    /// The port of the admin interface, never 0.
    #[must_use]
    pub fn admin_port(&self) -> u16 {
        self.admin_port
    }

    /// The address of the admin interface.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.admin_port).into()
    }

    /// `ws://127.0.0.1:port`.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("ws://{}", self.admin_address())
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The keystore's passphrase; `None` for [`Keystore::DangerTest`](crate::Keystore::DangerTest).
    #[must_use]
    pub fn passphrase(&self) -> Option<&Passphrase> {
        self.builder.keystore.passphrase()
    }

    /// Where the lair keystore inside the conductor has its socket: the `connectionUrl` of its configuration.
    ///
    /// # Errors
    /// [`LaunchError::Data`] if there is none, as with [`Keystore::DangerTest`](crate::Keystore::DangerTest).
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn lair_url(&self) -> Result<Url, LaunchError> {
        let path = self.data.path().join("ks").join("lair-keystore-config.yaml");
        let failed = |source| LaunchError::Data { path: path.clone(), source };
        let text = tokio::fs::read_to_string(&path).await.map_err(failed)?;
        let url = text.lines().find_map(|line| line.strip_prefix("connectionUrl:"));
        let url = url.and_then(|url| Url::parse(url.trim()).ok());
        url.ok_or_else(|| failed(io::Error::new(io::ErrorKind::InvalidData, "no connectionUrl")))
    }

    /// The process id, for tools that inspect processes. Do not signal it: the methods here do that safely.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id
    }

    /// Whether the process exists, even if frozen.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// The newest lines of its output, at most [`MAX_LOG_LINES`](crate::MAX_LOG_LINES), across restarts.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.logs.lines()
    }

    /// The lines that zomes log from now on, across restarts, if this process has `WASM_LOG` in its environment: `holochain` prints them on
    /// standard output, and its own lines on standard error (measured with 0.7.1). The newest
    /// [`MAX_LOG_LINES`](crate::MAX_LOG_LINES) wait for a slow reader, which is told how many it missed.
    #[must_use]
    pub fn zome_logs(&self) -> broadcast::Receiver<String> {
        self.logs.printed()
    }

    pub(crate) fn log_tail(&self) -> String {
        self.logs.tail()
    }

    /// Resolves when the process has ended and been reaped; the wait has no bound.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn exited(&self) -> Option<ExitStatus> {
        self.process.exited().await
    }

    /// Kills the process (SIGKILL) and resolves when it has been reaped. The data stays.
    ///
    /// # Errors
    /// [`LaunchError::Process`] if the signal cannot be sent or the process is not gone after [`DEFAULT_STOP_TIMEOUT`](crate::DEFAULT_STOP_TIMEOUT).
    ///
    /// # Cancel safety
    /// Cancel safe: once polled, the process dies.
    pub async fn kill(&self) -> Result<(), LaunchError> {
        boot::kill(&self.process).await
    }

    /// Stops it cleanly (SIGINT, after a thaw), and kills it if that takes longer than the builder's stop time-out. The data stays.
    ///
    /// # Errors
    /// [`LaunchError::Process`] if a signal cannot be sent.
    ///
    /// # Cancel safety
    /// Cancel safe: the signal has been sent or not; calling this again carries on.
    pub async fn stop(&self) -> Result<Stopped, LaunchError> {
        if !self.is_running() {
            return Ok(Stopped::Already);
        }
        self.thaw().await?;
        self.process.signal(Signal::INT).await.map_err(LaunchError::Process)?;
        match tokio::time::timeout(self.builder.stop_timeout, self.exited()).await {
            Ok(Some(status)) => Ok(Stopped::Clean(status)),
            Ok(None) => Ok(Stopped::Already),
            Err(_) => self.kill().await.map(|()| Stopped::Killed),
        }
    }

    /// Freezes the process (SIGSTOP) and resolves when it stands still: its sockets stay open and nothing answers, until [`thaw`](Self::thaw).
    ///
    /// # Errors
    /// [`LaunchError::Process`] if the signal cannot be sent.
    ///
    /// # Cancel safety
    /// Cancel safe: it is frozen or not.
    pub async fn freeze(&self) -> Result<(), LaunchError> {
        self.process.signal(Signal::STOP).await.map_err(LaunchError::Process)
    }

    /// Continues after [`freeze`](Self::freeze) (SIGCONT); harmless otherwise.
    ///
    /// # Errors
    /// [`LaunchError::Process`] if the signal cannot be sent.
    ///
    /// # Cancel safety
    /// Cancel safe: it is thawed or not.
    pub async fn thaw(&self) -> Result<(), LaunchError> {
        self.process.signal(Signal::CONT).await.map_err(LaunchError::Process)
    }
}
