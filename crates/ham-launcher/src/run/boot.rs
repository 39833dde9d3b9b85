//! Starts a tool, waits until it says that it is ready, and kills it.

use std::time::Duration;

use rustix::process::Signal;

use super::logs::Logs;
use super::process::{Process, Program};
use crate::error::LaunchError;
use crate::find::tool::Tool;

/// How long a clean stop may take before the conductor is killed.
pub const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Starts the process and waits until it is ready; returns it with the port that it announced. A process that is not ready in time is killed.
pub(crate) async fn boot(
    program: Program<'_>,
    tool: Tool,
    logs: &Logs,
    ready_timeout: Duration,
) -> Result<(Process, u16), LaunchError> {
    logs.push(&format!("--- starting {} ---", program.binary.display()));
    let process = Process::start(program, logs).await.map_err(LaunchError::Process)?;
    let mut announced = process.announced.clone();
    let ready = async {
        let ready = announced.wait_for(|announced| announced.ready && announced.port.is_some()).await;
        let port = ready.ok().and_then(|ready| ready.port);
        match port {
            Some(port) => Ok(port),
            // The output ended first, so the process is ending.
            None => Err(process.exited().await),
        }
    };
    let error = match tokio::time::timeout(ready_timeout, ready).await {
        Ok(Ok(port)) => return Ok((process, port)),
        Ok(Err(status)) => {
            LaunchError::Exited { tool, status: status.unwrap_or_default(), logs: logs.tail() }
        }
        Err(_) => LaunchError::NotReady { tool, after: ready_timeout, logs: logs.tail() },
    };
    kill(&process).await?;
    Err(error)
}

/// Kills the process and resolves when it has been reaped, within [`DEFAULT_STOP_TIMEOUT`].
pub(crate) async fn kill(process: &Process) -> Result<(), LaunchError> {
    process.signal(Signal::KILL).await.map_err(LaunchError::Process)?;
    let gone = tokio::time::timeout(DEFAULT_STOP_TIMEOUT, process.exited()).await;
    gone.map(|_| ()).map_err(|elapsed| LaunchError::Process(elapsed.into()))
}
