//! A conductor and its life: start, stop, kill, freeze, restart, move.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::net::TcpSocket;
use url::Url;

use super::boot;
use super::builder::{ConductorBuilder, temporary};
use super::config::{Config, Keystore, Passphrase};
use super::logs::Logs;
use super::process::{DataDirectory, Process, Program};
use crate::error::LaunchError;
use crate::find::install::{Install, InstallSource};
use crate::find::release::Release;

/// How long a clean stop may take before the conductor is killed.
pub const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// A real conductor, owned: dropping it kills the process and removes temporary data. The process does not outlive this
/// one either, even when this one is killed.
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
    /// It had ended before.
    Already,
    /// It ended by itself after the signal, with this status.
    Clean(ExitStatus),
    /// It did not end in time and was killed.
    Killed,
}

impl Conductor {
    /// A conductor with the defaults of [`ConductorBuilder`].
    #[must_use]
    pub fn builder() -> ConductorBuilder {
        ConductorBuilder::default()
    }

    pub(crate) async fn start(
        builder: ConductorBuilder,
        install: Install,
        data: Arc<DataDirectory>,
    ) -> Result<Self, LaunchError> {
        let logs = Logs::default();
        let (process, admin_port) = boot(&builder, &install, &data, &logs, builder.admin_port).await?;
        Ok(Self { builder, install, data, logs, admin_port, process })
    }

    /// The release of the binary it runs.
    #[must_use]
    pub fn release(&self) -> Release {
        self.install.release()
    }

    /// The port of the admin interface; 0 is never returned.
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

    /// The keystore's passphrase; `None` for [`Keystore::DangerTest`].
    #[must_use]
    pub fn passphrase(&self) -> Option<&Passphrase> {
        passphrase(&self.builder.keystore)
    }

    /// Where the lair keystore inside the conductor serves its socket: the `connectionUrl` of its configuration.
    ///
    /// # Errors
    /// [`LaunchError::Data`] when there is none, as with [`Keystore::DangerTest`].
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

    /// The process id; for tools that look at processes. Do not signal it: the methods here do that safely.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id
    }

    /// Whether the process is there, be it frozen.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// The newest lines of its output, at most [`MAX_LOG_LINES`](crate::MAX_LOG_LINES), across restarts.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.logs.lines()
    }

    pub(crate) fn log_tail(&self) -> String {
        self.logs.tail()
    }

    /// Resolves when the process has ended and is reaped; waits for that without a bound.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn exited(&self) -> Option<ExitStatus> {
        self.process.exited().await
    }

    /// Kills the process (SIGKILL) and resolves when it is reaped. The data stays.
    ///
    /// # Errors
    /// [`LaunchError::Process`] when the signal cannot be sent or the process is not gone after [`DEFAULT_STOP_TIMEOUT`].
    ///
    /// # Cancel safety
    /// Cancel safe: once polled, the process dies.
    pub async fn kill(&self) -> Result<(), LaunchError> {
        boot::kill(&self.process).await
    }

    /// Stops it cleanly (SIGINT, after a thaw), and kills it when that takes longer than the builder's stop time-out. The data
    /// stays.
    ///
    /// # Errors
    /// [`LaunchError::Process`] when a signal cannot be sent.
    ///
    /// # Cancel safety
    /// Cancel safe: the signal has been sent or not; calling it again goes on.
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

    /// Freezes the process (SIGSTOP) and resolves when it stands still: its sockets stay open and nothing answers, until
    /// [`thaw`](Self::thaw).
    ///
    /// # Errors
    /// [`LaunchError::Process`] when the signal cannot be sent.
    ///
    /// # Cancel safety
    /// Cancel safe: it is frozen or not.
    pub async fn freeze(&self) -> Result<(), LaunchError> {
        self.process.signal(Signal::STOP).await.map_err(LaunchError::Process)
    }

    /// Goes on after [`freeze`](Self::freeze) (SIGCONT); harmless otherwise.
    ///
    /// # Errors
    /// [`LaunchError::Process`] when the signal cannot be sent.
    ///
    /// # Cancel safety
    /// Cancel safe: it is thawed or not.
    pub async fn thaw(&self) -> Result<(), LaunchError> {
        self.process.signal(Signal::CONT).await.map_err(LaunchError::Process)
    }

    /// Stops it, when it runs, and starts it again with the same data on the same admin port. App interfaces attached with
    /// port 0 get another port all the same; that is the conductor's way.
    ///
    /// # Errors
    /// [`LaunchError`]; [`LaunchError::AddressInUse`] when somebody took the port meanwhile.
    ///
    /// # Cancel safety
    /// Cancel safe: it is stopped or starting; calling it again starts it.
    pub async fn restart(&mut self) -> Result<(), LaunchError> {
        self.stop().await?;
        self.boot(self.admin_port).await
    }

    /// Stops it, when it runs, and starts it again with the same data on another admin port, as after a move. The old port
    /// refuses connections when this resolves.
    ///
    /// # Errors
    /// [`LaunchError`], as for a start.
    ///
    /// # Cancel safety
    /// Cancel safe: it is stopped or starting; calling it again starts it.
    pub async fn restart_on_new_ports(&mut self) -> Result<(), LaunchError> {
        self.stop().await?;
        // Bound but not listening: the system cannot hand the old port out again, and clients are refused meanwhile.
        let placeholder = TcpSocket::new_v4().map_err(LaunchError::Process)?;
        // Somebody else holds it? Then it is not handed out either.
        let _ = placeholder.bind(self.admin_address());
        self.boot(0).await
    }

    /// Stops it, when it runs, and starts this binary with the same data on the same admin port, as after an upgrade. The
    /// configuration is written anew for the release. Which releases read whose data is theirs to say: 0.7.1 reads 0.7.0's, and none
    /// reads 0.6's.
    ///
    /// # Errors
    /// [`LaunchError`], as for a [`restart`](Self::restart). It is stopped then, and [`restart`](Self::restart) starts this binary.
    ///
    /// # Cancel safety
    /// As an error.
    pub async fn replace(&mut self, install: Install) -> Result<(), LaunchError> {
        self.stop().await?;
        self.install = install;
        self.boot(self.admin_port).await
    }

    /// [`replace`](Self::replace) with new, empty, temporary data: no app, and no keys. What the old one had is removed, when it was
    /// temporary.
    ///
    /// # Errors
    /// As [`replace`](Self::replace).
    ///
    /// # Cancel safety
    /// As an error.
    pub async fn replace_without_data(&mut self, install: Install) -> Result<(), LaunchError> {
        self.stop().await?;
        (self.install, self.data) = (install, Arc::new(temporary()?));
        self.boot(self.admin_port).await
    }

    async fn boot(&mut self, admin_port: u16) -> Result<(), LaunchError> {
        let booted = boot(&self.builder, &self.install, &self.data, &self.logs, admin_port).await?;
        (self.process, self.admin_port) = booted;
        Ok(())
    }
}

fn passphrase(keystore: &Keystore) -> Option<&Passphrase> {
    match keystore {
        Keystore::DangerTest => None,
        Keystore::Lair { passphrase } => Some(passphrase),
    }
}

/// Writes the configuration, starts the process and waits until it is ready; returns it with its admin port.
async fn boot(
    builder: &ConductorBuilder,
    install: &Install,
    data: &Arc<DataDirectory>,
    logs: &Logs,
    admin_port: u16,
) -> Result<(Process, u16), LaunchError> {
    let passphrase = passphrase(&builder.keystore);
    if passphrase.is_some_and(|passphrase| passphrase.expose().contains(['\n', '\r'])) {
        return Err(LaunchError::PassphraseLineBreak);
    }
    let embedded = install.source == InstallSource::Embedded;
    // The embedded conductor reads one form of the file only.
    let release = if embedded { Release::default() } else { install.release() };
    let config = write_config(builder, release, data.path(), admin_port).await?;
    let name = |release: Release| release.short().unwrap_or(release.version());
    let dev = ["dev".into(), "--release".into(), name(install.release()).into()];
    let as_holochain = ["--piped".into(), "--config-path".into(), config.into()];
    let program = Program {
        binary: &install.binary,
        arguments: dev.into_iter().filter(|_| embedded).chain(as_holochain).collect(),
        input: passphrase.map(Passphrase::expose),
        rust_log: &builder.rust_log,
    };
    let booted = boot::boot(program, install.tool, logs, Some(Arc::clone(data)), builder.ready_timeout).await;
    booted.map_err(|error| name_taken_port(error, admin_port))
}

/// A taken port, told from the last words of a conductor that ended before it was ready.
fn name_taken_port(error: LaunchError, admin_port: u16) -> LaunchError {
    match error {
        LaunchError::Exited { logs, .. } if logs.contains("AddrInUse") => {
            LaunchError::AddressInUse { admin_port, logs }
        }
        other => other,
    }
}

async fn write_config(
    builder: &ConductorBuilder,
    release: Release,
    data: &Path,
    admin_port: u16,
) -> Result<PathBuf, LaunchError> {
    let config = Config {
        data,
        keystore: &builder.keystore,
        network: &builder.network,
        request_timeout: builder.request_timeout,
        admin_port,
        allowed_origins: &builder.admin_origins,
        db_sync_level: builder.db_sync_level,
        release,
    };
    let path = data.join("conductor-config.yaml");
    let written = tokio::fs::write(&path, config.render()?).await;
    written.map(|()| path.clone()).map_err(|source| LaunchError::Data { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::tool::Tool;

    #[test]
    fn a_taken_port_is_told_apart_and_the_last_words_are_kept() {
        let exited = |logs: &str| LaunchError::Exited {
            tool: Tool::default(),
            status: ExitStatus::default(),
            logs: logs.to_owned(),
        };
        let error = name_taken_port(exited("  something broke"), 4444);
        assert!(matches!(error, LaunchError::Exited { .. }), "{error}");
        assert!(error.to_string().ends_with("  something broke"), "{error}");

        let words =
            "InterfaceError(IoError(Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }))";
        let error = name_taken_port(exited(words), 4444);
        assert!(matches!(error, LaunchError::AddressInUse { admin_port: 4444, .. }), "{error}");
    }
}
