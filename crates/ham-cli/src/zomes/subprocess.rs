//! Subprocesses that end together with the future that waits for them.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use ham_launcher::Watchdog;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::exit::Exit;
use crate::failure::Failure;

/// A program's standard output, up to [`LARGEST`]; if it fails, its standard error.
///
/// # Cancel safety
/// Cancel-safe: the program and the processes that it started are killed.
pub(super) async fn answer(directory: &Path, words: &[&str]) -> Result<Result<Vec<u8>, String>, Failure> {
    let (program, arguments) = words.split_first().unwrap_or((&"", &[]));
    let mut command = Command::new(program);
    command.args(arguments).stderr(Stdio::piped()).stdout(Stdio::piped());
    let failed = |error| absent(program, error);
    let mut started = Started::of(command, directory).map_err(failed)?;
    let (stdout, stderr) = (started.child.stdout.take(), started.child.stderr.take());
    let (bytes, said) = tokio::try_join!(all(stdout), all(stderr)).map_err(failed)?;
    let ended = started.child.wait().await.map_err(failed)?;
    Ok(if ended.success() { Ok(bytes) } else { Err(String::from_utf8_lossy(&said).trim().to_owned()) })
}

/// The bytes that come, up to [`LARGEST`]. The rest is read, too, so that the writer does not wait.
async fn all(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        (&mut from).take(LARGEST).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

/// Runs a program, and passes on its standard error, in pieces as they come.
///
/// # Cancel safety
/// As [`answer`].
pub(super) async fn run(
    mut command: Command,
    directory: &Path,
    mut said: impl FnMut(&[u8]),
) -> Result<ExitStatus, Failure> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |error| absent(&program, error);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut started = Started::of(command, directory).map_err(failed)?;
    if let Some(mut stderr) = started.child.stderr.take() {
        let mut piece = vec![0; PIECE];
        loop {
            match stderr.read(&mut piece).await.map_err(failed)? {
                0 => break,
                read => said(piece.get(..read).unwrap_or_default()),
            }
        }
    }
    started.child.wait().await.map_err(failed)
}

/// A program in a process group of its own, so that the processes that it starts are found. Dropping this kills all of
/// them, and so does the end of this process, however it comes: a compiler has nothing to clean up.
#[derive(Debug)]
struct Started {
    child: Child,
    /// If it has just ended, there is nothing to watch.
    _watchdog: Option<Watchdog>,
}

impl Started {
    fn of(mut command: Command, directory: &Path) -> std::io::Result<Self> {
        command.current_dir(directory).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
        let child = command.spawn()?;
        let watchdog = child.id().map(Watchdog::watch_group).transpose()?;
        Ok(Self { child, _watchdog: watchdog })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // If it was waited for, it has no id any more.
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = id {
            // It may just have ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn absent(program: &str, error: std::io::Error) -> Failure {
    Failure::new(
        Exit::Local,
        anyhow::Error::new(error).context(format!("cannot run `{program}`")),
        "zomes need Rust: install it from https://rustup.rs",
    )
}

/// At a time, in bytes.
const PIECE: usize = 8 << 10;

/// More than the description of any workspace, in bytes.
const LARGEST: u64 = 16 << 20;
