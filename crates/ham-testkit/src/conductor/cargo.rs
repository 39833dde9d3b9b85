//! Builds the conductor with `cargo install` into the cache, one process at a time.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::cache::CacheDirectory;
use super::error::InstallError;
use super::version::HOLOCHAIN_VERSION;

/// A build (or the wait for another process's build) that takes longer is given up. It takes 30 minutes on two cores.
pub const BUILD_TIMEOUT: Duration = Duration::from_secs(3 * 60 * 60);

/// How often a process that waits for another one's build looks again. A file lock announces nothing, so this is a poll.
const LOCK_INTERVAL: Duration = Duration::from_millis(500);

/// Lines of cargo's output kept for the error.
const KEPT_LINES: usize = 30;

/// The profile: optimised, since an unoptimised conductor takes half a minute to unlock its keystore, but without the
/// link-time optimisation that doubles the build.
const PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
];

/// What a build is doing. `Display` is a line to show.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A crate began to compile.
    Compiling {
        /// Its name.
        name: String,
        /// How many have begun, this one included; about 650 in all.
        crates: usize,
        /// Since the build began.
        elapsed: Duration,
    },
    /// The build is done.
    Finished {
        /// Since the build began.
        elapsed: Duration,
    },
    /// The build begins.
    Started {
        /// Where the binary will be.
        binary: PathBuf,
    },
    /// Another process is building; this one waits for it.
    Waiting {
        /// The lock the other one holds.
        lock: PathBuf,
        /// Since the wait began.
        elapsed: Duration,
    },
}

impl Progress {
    /// Whether a terminal that shows one line an event should show this one: not every crate, not every look at the lock.
    #[must_use]
    pub fn is_worth_a_line(&self) -> bool {
        match self {
            Self::Compiling { crates, .. } => crates % 25 == 0,
            Self::Waiting { elapsed, .. } => elapsed.as_secs() % 30 == 0 && elapsed.subsec_millis() < 500,
            Self::Finished { .. } | Self::Started { .. } => true,
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compiling { name, crates, elapsed } => {
                write!(
                    f,
                    "building holochain {HOLOCHAIN_VERSION}: crate {crates} ({name}), {}",
                    minutes(*elapsed)
                )
            }
            Self::Finished { elapsed } => {
                write!(f, "holochain {HOLOCHAIN_VERSION} is built, after {}", minutes(*elapsed))
            }
            Self::Started { binary } => write!(
                f,
                "building holochain {HOLOCHAIN_VERSION} once, into {}; this takes 15 to 60 minutes",
                binary.display()
            ),
            Self::Waiting { lock, elapsed } => write!(
                f,
                "waiting for another process that builds holochain {HOLOCHAIN_VERSION} (it holds {}), {}",
                lock.display(),
                minutes(*elapsed)
            ),
        }
    }
}

fn minutes(elapsed: Duration) -> String {
    format!("{}:{:02} min", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
}

/// Waits until this process alone may build. The lock is the file's; the system frees it when the process ends, however.
pub(super) async fn lock(
    cache: &CacheDirectory,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<File, InstallError> {
    let (path, began) = (cache.lock_file(), Instant::now());
    let failed = |source: io::Error| InstallError::Cache { path: cache.lock_file(), source };
    std::fs::create_dir_all(cache.conductor_root()).map_err(failed)?;
    let file = File::options().create(true).write(true).truncate(false).open(&path).map_err(failed)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        let elapsed = began.elapsed();
        if elapsed > BUILD_TIMEOUT {
            return Err(InstallError::TimedOut { after: elapsed, last_lines: Vec::new() });
        }
        progress(Progress::Waiting { lock: path.clone(), elapsed });
        look_again_later().await;
    }
}

/// Builds; the caller holds the lock.
pub(super) async fn build(
    cargo: &OsStr,
    cache: &CacheDirectory,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<(), InstallError> {
    let began = Instant::now();
    progress(Progress::Started { binary: cache.binary() });
    let mut child = command(cargo, cache).await.spawn().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => InstallError::CargoMissing { cargo: cargo.to_owned(), source },
        _ => InstallError::Cache { path: cache.conductor_root(), source },
    })?;
    let mut last_lines = VecDeque::new();
    let followed =
        tokio::time::timeout(BUILD_TIMEOUT, follow(&mut child, began, &mut last_lines, progress)).await;
    let last_lines = last_lines.into();
    let status = match followed {
        Ok(status) => {
            status.map_err(|source| InstallError::Cache { path: cache.conductor_root(), source })?
        }
        Err(_) => return Err(InstallError::TimedOut { after: BUILD_TIMEOUT, last_lines }),
    };
    if !status.success() {
        return Err(InstallError::BuildFailed { status, last_lines });
    }
    // Several gigabytes that nothing needs any more; failing to remove them does not make the binary worse.
    let _ = tokio::fs::remove_dir_all(cache.build_directory()).await;
    progress(Progress::Finished { elapsed: began.elapsed() });
    Ok(())
}

async fn follow(
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
            progress(Progress::Compiling { name: name.to_owned(), crates, elapsed: began.elapsed() });
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

async fn command(cargo: &OsStr, cache: &CacheDirectory) -> Command {
    let mut command = Command::new(cargo);
    command
        .args(["install", "holochain", "--version", &format!("={HOLOCHAIN_VERSION}"), "--locked"])
        .args(["--bin", "holochain", "--color", "never", "--root"])
        .arg(cache.conductor_root())
        .env("CARGO_TARGET_DIR", cache.build_directory())
        .envs(PROFILE)
        // Outside any workspace, so that no project's cargo settings or toolchain file change the build.
        .current_dir(cache.conductor_root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if has_openssl().await {
        // Saves compiling OpenSSL: five minutes.
        command.env("OPENSSL_NO_VENDOR", "1");
    }
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

    #[test]
    fn progress_reads_well() {
        let progress =
            Progress::Compiling { name: "serde".into(), crates: 25, elapsed: Duration::from_secs(65) };
        assert_eq!(progress.to_string(), "building holochain 0.7.1: crate 25 (serde), 1:05 min");
        assert!(progress.is_worth_a_line());
    }

    #[tokio::test]
    async fn the_second_builder_waits_for_the_first_and_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CacheDirectory::at(directory.path());
        let mut first = Some(lock(&cache, &mut |_| panic!("the first one does not wait")).await.unwrap());
        let mut waits = 0;
        lock(&cache, &mut |progress| {
            assert!(matches!(progress, Progress::Waiting { .. }), "{progress}");
            waits += 1;
            first = None;
        })
        .await
        .unwrap();
        assert_eq!(waits, 1);
    }
}
