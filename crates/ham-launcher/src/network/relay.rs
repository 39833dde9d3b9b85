//! The relay and its life: where conductors find each other, and what passes on their messages.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use crate::error::LaunchError;
use crate::find::install::Install;
use crate::find::tool::Tool;
use crate::run::boot;
use crate::run::logs::{DEFAULT_RUST_LOG, Logs};
use crate::run::process::{Process, Program};
use crate::run::temporary::temporary;

/// How long a relay may take to become ready. It takes a tenth of a second.
pub const RELAY_READY_TIMEOUT: Duration = Duration::from_secs(60);

/// A private bootstrap server and relay on the loopback interface: conductors started with
/// [`with_relay`](crate::ConductorBuilder::with_relay) find each other through it, and nothing leaves the machine.
///
/// It knows at most 32 agents per DNA, and forgets them all when it ends.
///
/// Owned: dropping it kills the process, which does not outlive this one either, even when this one is killed.
#[derive(Debug)]
pub struct Relay {
    install: Install,
    logs: Logs,
    port: u16,
    process: Process,
}

impl Relay {
    /// Starts a relay on a port chosen by the system and resolves when it listens, at most [`RELAY_READY_TIMEOUT`] later. The first
    /// start on a machine may build it, which takes minutes that are not counted.
    ///
    /// # Errors
    /// [`LaunchError::Install`], [`LaunchError::Exited`], [`LaunchError::NotReady`], [`LaunchError::Process`].
    ///
    /// # Cancel safety
    /// Cancel safe: the process is killed.
    pub async fn start() -> Result<Self, LaunchError> {
        let install = Install::ensure_tool(Tool::Relay).await?;
        let logs = Logs::default();
        let (process, port) = listen(&install, &logs, 0).await?;
        Ok(Self { install, logs, port, process })
    }

    /// Where it listens, with both its services.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// `http://127.0.0.1:port`: the `bootstrap_url` and the `relay_url` of a conductor.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The process id, for tools that inspect processes.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id
    }

    /// Whether the process exists.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// The newest lines of its output, at most [`MAX_LOG_LINES`](crate::MAX_LOG_LINES), across restarts.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.logs.lines()
    }

    /// Resolves when the process has ended and been reaped; the wait has no bound.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn exited(&self) -> Option<ExitStatus> {
        self.process.exited().await
    }

    /// Kills the process (SIGKILL) and resolves when it has been reaped.
    ///
    /// # Errors
    /// [`LaunchError::Process`] if the signal cannot be sent or the process is not gone after [`DEFAULT_STOP_TIMEOUT`](crate::DEFAULT_STOP_TIMEOUT).
    ///
    /// # Cancel safety
    /// Cancel safe: once polled, the process dies.
    pub async fn kill(&self) -> Result<(), LaunchError> {
        boot::kill(&self.process).await
    }

    /// Kills it, if it is running, and starts it again on the same port, with no knowledge of agents.
    ///
    /// # Errors
    /// [`LaunchError`], as for a start; [`LaunchError::NotReady`] if something else took the port in the meantime.
    ///
    /// # Cancel safety
    /// Cancel safe: it has been killed or is starting; calling this again starts it.
    pub async fn restart(&mut self) -> Result<(), LaunchError> {
        self.kill().await?;
        (self.process, self.port) = listen(&self.install, &self.logs, self.port).await?;
        Ok(())
    }
}

async fn listen(install: &Install, logs: &Logs, port: u16) -> Result<(Process, u16), LaunchError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let program = Program {
        binary: &install.binary,
        arguments: vec!["--listen".into(), address.to_string().into()],
        input: None,
        rust_log: DEFAULT_RUST_LOG,
        data: Arc::new(temporary()?),
        // What it is told of agents, which it leaves behind when it is killed.
        keeps_temporary: true,
    };
    boot::boot(program, install.tool, logs, RELAY_READY_TIMEOUT).await
}
