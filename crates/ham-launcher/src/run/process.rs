//! A tool's process: one task owns the child, so that a signal can never reach another process that took over its id.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::data::DataDirectory;
use super::logs::{Announced, Logs, Pipe};
use super::watchdog::Watchdog;

/// A killed process is gone within milliseconds; this bounds how long a drop waits for that.
const REAP_TIMEOUT: Duration = Duration::from_secs(2);

/// Signals to send, each with a channel for its result.
type Commands = mpsc::Receiver<(Signal, oneshot::Sender<io::Result<()>>)>;

/// What to run.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) arguments: Vec<OsString>,
    /// One line for its standard input, which is then closed.
    pub(crate) input: Option<&'a str>,
    pub(crate) rust_log: &'a str,
    /// Not removed while it runs.
    pub(crate) data: Arc<DataDirectory>,
    /// Whether its temporary files are among its data, and not in the system's directory.
    pub(crate) keeps_temporary: bool,
}

/// A running process. Dropping it kills the process and waits for its end, for at most [`REAP_TIMEOUT`].
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) id: u32,
    signals: mpsc::Sender<(Signal, oneshot::Sender<io::Result<()>>)>,
    pub(crate) announced: watch::Receiver<Announced>,
    exited: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    pub(crate) async fn start(program: Program<'_>, logs: &Logs) -> io::Result<Self> {
        let mut child = command(&program).spawn()?;
        let id = child.id().ok_or(io::ErrorKind::NotFound)?;
        let watchdog = Watchdog::watch(id)?;
        if let (Some(mut stdin), Some(line)) = (child.stdin.take(), program.input) {
            // A process that died already closed the pipe; its exit tells more than this failure would.
            let _ = stdin.write_all(format!("{line}\n").as_bytes()).await;
        }
        let (announce, announced) = watch::channel(Announced::default());
        let (signals, commands) = mpsc::channel(8);
        let (exit, exited) = watch::channel(None);
        let guard = ProcessGuard { child, _watchdog: watchdog, _data: program.data };
        spawn_owner(guard, logs.clone(), announce, commands, exit);
        Ok(Self { id, signals, announced, exited })
    }

    pub(crate) fn is_running(&self) -> bool {
        self.exited.borrow().is_none() && self.exited.has_changed().is_ok()
    }

    /// Resolves when the process has been reaped; `None` if its end was not seen.
    pub(crate) async fn exited(&self) -> Option<ExitStatus> {
        let mut exited = self.exited.clone();
        let status = exited.wait_for(Option::is_some).await;
        status.ok().and_then(|status| *status)
    }

    /// Sends a signal; for a process that has ended, this succeeds without effect.
    pub(crate) async fn signal(&self, signal: Signal) -> io::Result<()> {
        let (sent, result) = oneshot::channel();
        if self.signals.send((signal, sent)).await.is_err() {
            return Ok(());
        }
        result.await.unwrap_or(Ok(()))
    }
}

/// What the owning task holds. The order of the fields is the order of their end.
#[derive(Debug)]
struct ProcessGuard {
    child: Child,
    _watchdog: Watchdog,
    _data: Arc<DataDirectory>,
}

impl Drop for ProcessGuard {
    fn drop(&mut self) {
        // Killed, the process is gone within milliseconds; its data may be removed only then. Nothing can be awaited here,
        // so this spins, yielding the processor, within a bound.
        let _ = self.child.start_kill();
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < REAP_TIMEOUT {
            std::thread::yield_now();
        }
    }
}

fn command(program: &Program<'_>) -> Command {
    let mut command = Command::new(program.binary);
    command
        .args(&program.arguments)
        .env("RUST_LOG", program.rust_log)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own: Ctrl-C in a terminal is for the program that started it, which then decides.
        .process_group(0)
        .kill_on_drop(true);
    if program.keeps_temporary {
        command.env("TMPDIR", program.data.path());
    }
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one task that owns the process; it ends with Process or the process"
)]
fn spawn_owner(
    mut guard: ProcessGuard,
    logs: Logs,
    announce: watch::Sender<Announced>,
    mut commands: Commands,
    exit: watch::Sender<Option<ExitStatus>>,
) {
    tokio::spawn(async move {
        let (stdout, stderr) = (guard.child.stdout.take(), guard.child.stderr.take());
        let (ended, end) = oneshot::channel();
        let follow = async {
            tokio::join!(
                follow(stdout, Pipe::Output, logs.clone(), announce.clone()),
                follow(stderr, Pipe::Error, logs, announce)
            );
        };
        // Both pipes end with the process; reading them to the end keeps its last words.
        let (status, ()) = tokio::join!(obey(&mut guard.child, &mut commands, ended), until(follow, end));
        // Whoever waits for the exit may start the next process on the same data: nothing of this one may remain.
        drop(guard);
        exit.send_replace(status);
    });
}

/// Passes signals on until the process has ended. When its owner is gone, ends the process.
async fn obey(child: &mut Child, commands: &mut Commands, ended: oneshot::Sender<()>) -> Option<ExitStatus> {
    let status = loop {
        // The end first: after it no signal may be sent. Commands are few, so neither starves the other.
        tokio::select! {
            biased;
            status = child.wait() => break status.ok(),
            command = commands.recv() => match command {
                Some((signal, sent)) => {
                    let result = send(child, signal);
                    if signal == Signal::STOP && result.is_ok() {
                        stopped(child).await;
                    }
                    // Nobody may be waiting for the result any more.
                    let _ = sent.send(result);
                }
                None => break child.kill().await.ok().and_then(|()| child.try_wait().ok().flatten()),
            },
        }
    };
    // The other side of the join may have ended already.
    let _ = ended.send(());
    status
}

async fn follow(
    pipe: Option<impl AsyncRead + Unpin>,
    which: Pipe,
    logs: Logs,
    announce: watch::Sender<Announced>,
) {
    if let Some(pipe) = pipe {
        logs.follow(pipe, which, announce).await;
    }
}

/// Waits for the work, but no longer than [`REAP_TIMEOUT`] after the process has ended: something else may hold its pipes.
async fn until(work: impl Future<Output = ()>, end: oneshot::Receiver<()>) {
    let grace = async {
        let _ = end.await;
        let _ = tokio::time::timeout(REAP_TIMEOUT, std::future::pending::<()>()).await;
    };
    // Fair: both end once.
    tokio::select! {
        () = work => {}
        () = grace => {}
    }
}

fn send(child: &Child, signal: Signal) -> io::Result<()> {
    pid(child).map_or(Ok(()), |process| Ok(kill_process(process, signal)?))
}

/// Resolves when every thread of the process stands still: a stop signal that has been sent is only *pending*, and until it takes
/// effect the process may answer once more. Polls, yielding, for at most [`REAP_TIMEOUT`].
async fn stopped(child: &Child) {
    let options =
        WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let begun = Instant::now();
    while let Some(process) = pid(child)
        && matches!(waitid(WaitId::Pid(process), options), Ok(None))
        && begun.elapsed() < REAP_TIMEOUT
    {
        tokio::task::yield_now().await;
    }
}

fn pid(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}
