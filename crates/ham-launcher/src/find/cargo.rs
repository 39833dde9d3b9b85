//! Builds a tool with `cargo install` into the cache, one process at a time.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::cache::CacheDirectory;
use super::progress::Progress;
use super::tool::Tool;
use crate::error::InstallError;

/// A build (or the wait for another process's build) that takes longer is abandoned. A conductor takes 30 minutes on two cores.
pub const BUILD_TIMEOUT: Duration = Duration::from_secs(3 * 60 * 60);

/// How often a process that waits for another one's build polls the file lock, which announces nothing.
const LOCK_INTERVAL: Duration = Duration::from_millis(500);

/// Lines of cargo's output kept for the error.
const KEPT_LINES: usize = 30;

/// The profile, except for [`Tool::opt_level`]: without the link-time optimisation that doubles the build time.
const PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
];

/// Waits until only this process may build. The lock is on the file; the system releases it when the process ends, in whatever way.
pub(crate) async fn lock(
    tool: Tool,
    cache: &CacheDirectory,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<File, InstallError> {
    let (path, began) = (cache.lock_file(tool), Instant::now());
    let failed = |source: io::Error| InstallError::Cache { path: path.clone(), source };
    std::fs::create_dir_all(cache.root(tool)).map_err(failed)?;
    let file = File::options().create(true).write(true).truncate(false).open(&path).map_err(failed)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        let elapsed = began.elapsed();
        if elapsed > BUILD_TIMEOUT {
            return Err(InstallError::TimedOut { tool, after: elapsed, last_lines: Vec::new() });
        }
        progress(Progress::Waiting { tool, lock: path.clone(), elapsed });
        look_again_later().await;
    }
}

/// Builds; the caller holds the lock.
pub(crate) async fn build(
    tool: Tool,
    cargo: &OsStr,
    cache: &CacheDirectory,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<(), InstallError> {
    let began = Instant::now();
    let failed = |source| InstallError::Cache { path: cache.root(tool), source };
    progress(Progress::Started { tool, binary: cache.binary(tool) });
    let mut child = command(tool, cargo, cache).await.spawn().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => InstallError::CargoMissing { tool, cargo: cargo.to_owned(), source },
        _ => failed(source),
    })?;
    let mut last_lines = VecDeque::new();
    let followed =
        tokio::time::timeout(BUILD_TIMEOUT, follow(tool, &mut child, began, &mut last_lines, progress)).await;
    let last_lines = last_lines.into();
    let status = match followed {
        Ok(status) => status.map_err(failed)?,
        Err(_) => return Err(InstallError::TimedOut { tool, after: BUILD_TIMEOUT, last_lines }),
    };
    if !status.success() {
        return Err(InstallError::BuildFailed { tool, status, last_lines });
    }
    // Several gigabytes that are no longer needed; failing to remove them does not make the binary worse.
    let _ = tokio::fs::remove_dir_all(cache.build_directory(tool)).await;
    progress(Progress::Finished { tool, elapsed: began.elapsed() });
    Ok(())
}

async fn follow(
    tool: Tool,
    child: &mut Child,
    began: Instant,
    last_lines: &mut VecDeque<String>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> io::Result<std::process::ExitStatus> {
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (mut lines, mut crates) = (BufReader::new(stderr).lines(), 0);
    while let Some(line) = lines.next_line().await? {
        if let Some(name) = compiling(&line) {
            crates += 1;
            progress(Progress::Compiling { tool, name: name.to_owned(), crates, elapsed: began.elapsed() });
        }
        if last_lines.len() == KEPT_LINES {
            last_lines.pop_front();
        }
        last_lines.push_back(line);
    }
    child.wait().await
}

/// The crate of a line like `   Compiling serde v1.0.228`.
fn compiling(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("Compiling ")?.split_whitespace().next()
}

async fn command(tool: Tool, cargo: &OsStr, cache: &CacheDirectory) -> Command {
    let mut command = Command::new(cargo);
    command
        .args(["install", tool.package(), "--version", &format!("={}", tool.version()), "--locked"])
        .args(["--bin", tool.binary(), "--color", "never", "--root"])
        .arg(cache.root(tool))
        .env("CARGO_TARGET_DIR", cache.build_directory(tool))
        .envs(PROFILE)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", tool.opt_level())
        // Outside any workspace, so that no project's cargo settings or toolchain file affect the build.
        .current_dir(cache.root(tool))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // The system's OpenSSL saves compiling it: five minutes.
    command.env("OPENSSL_NO_VENDOR", if has_openssl().await { "1" } else { "0" });
    command
}

async fn has_openssl() -> bool {
    let mut asked = Command::new("pkg-config");
    asked.args(["--exists", "openssl"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().await.is_ok_and(|status| status.success())
}

#[expect(clippy::disallowed_methods, reason = "the one poll of the build lock, at LOCK_INTERVAL")]
async fn look_again_later() {
    tokio::time::sleep(LOCK_INTERVAL).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_lines_are_read() {
        assert_eq!(compiling("   Compiling serde v1.0.228"), Some("serde"));
        assert_eq!(compiling("    Finished `release` profile"), None);
    }

    #[tokio::test]
    async fn the_second_builder_waits_for_the_first_and_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDirectory::at(directory.path());
        let tool = Tool::default();
        let at_once = &mut |_| panic!("the first one does not wait");
        let mut first = Some(lock(tool, &cache, at_once).await.unwrap());
        let _other = lock(Tool::Relay, &cache, at_once).await.unwrap();
        let mut waits = 0;
        lock(tool, &cache, &mut |progress| {
            assert!(matches!(progress, Progress::Waiting { .. }), "{progress}");
            waits += 1;
            first = None;
        })
        .await
        .unwrap();
        assert_eq!(waits, 1);
    }
}
