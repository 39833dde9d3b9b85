//! What can go wrong with real conductors and the relay between them, each with the text needed to understand it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::find::release::Release;
use crate::find::tool::Tool;
use crate::run::data::MAX_DATA_PATH;
use crate::run::settings::DbSyncLevel;

/// The binary could be neither found nor built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// [`TEST_RELEASE_VARIABLE`](crate::TEST_RELEASE_VARIABLE) names no release that the launcher knows.
    #[error(transparent)]
    UnknownRelease(#[from] crate::find::release::UnknownRelease),
    /// `cargo install` failed.
    #[error("building {tool} failed ({status}); cargo said:\n{}", last_lines.join("\n"))]
    BuildFailed {
        /// What was built.
        tool: Tool,
        /// Cargo's exit status.
        status: ExitStatus,
        /// The end of its output.
        last_lines: Vec<String>,
    },
    /// The cache directory cannot be used.
    #[error("the cache at {} cannot be used", path.display())]
    Cache {
        /// What the launcher tried to use.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is no cargo to build with. Install Rust, or name a binary.
    #[error(
        "{tool} is not installed and {} is missing to build it; install Rust, or name a binary in {}",
        cargo.to_string_lossy(), tool.variable()
    )]
    CargoMissing {
        /// What was to be built.
        tool: Tool,
        /// The program that was tried.
        cargo: OsString,
        /// Why it did not start.
        #[source]
        source: io::Error,
    },
    /// The environment names neither a cache nor a home directory.
    #[error("there is no directory to build into; set {variable}")]
    NoCache {
        /// The variable to set.
        variable: &'static str,
    },
    /// The binary does not start, or does not report its version.
    #[error("{} cannot be run", path.display())]
    NotRunnable {
        /// The binary.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A ready binary cannot be unpacked: its checksum differs, `xz` is missing, or the directory is.
    #[error("the ready binaries at {} cannot be used", path.display())]
    NotUnpacked {
        /// The packed binary, or the directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The build, or another process's build, took too long.
    #[error("building {tool} was given up after {after:?}; cargo said:\n{}", last_lines.join("\n"))]
    TimedOut {
        /// What was built.
        tool: Tool,
        /// How long it took.
        after: Duration,
        /// The end of cargo's output; empty when another process was building.
        last_lines: Vec<String>,
    },
    /// The binary is not [`Tool::version`].
    #[error("{} is {found:?}, not {tool}", path.display())]
    WrongVersion {
        /// What it should be.
        tool: Tool,
        /// The binary.
        path: PathBuf,
        /// What it said.
        found: String,
    },
}

/// A conductor, or a relay, did not start. The texts end with its last log lines.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// The admin port, or the fixed port of an app interface attached earlier, is taken.
    #[error(
        "a port of the conductor is taken (admin port {admin_port}, 0 is any); its last log lines:\n{logs}"
    )]
    AddressInUse {
        /// The requested admin port; if it is 0, which means any port, the port of an app interface was taken.
        admin_port: u16,
        /// The conductor's last log lines.
        logs: String,
    },
    /// The data directory cannot be used.
    #[error("the data directory {} cannot be used", path.display())]
    Data {
        /// The directory, or the file in it.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The path is too long: it contains the keystore's socket, and a Unix socket's path is short.
    #[error("the data directory {} has a path of {length} bytes; at most {MAX_DATA_PATH} fit", path.display())]
    DataPathTooLong {
        /// The directory.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
    },
    /// The process ended before it was ready.
    #[error("the {} ended ({status}) before it was ready; its last log lines:\n{logs}", tool.role())]
    Exited {
        /// What was started.
        tool: Tool,
        /// Its exit status.
        status: ExitStatus,
        /// Its last log lines.
        logs: String,
    },
    /// The binary could be neither found nor built.
    #[error("a binary is missing")]
    Install(#[from] InstallError),
    /// The passphrase holds a line break, which would end it early on the conductor's standard input.
    #[error("the passphrase holds a line break")]
    PassphraseLineBreak,
    /// The release's databases cannot be set to this level.
    #[error("Holochain {release} has no {level:?} for its databases; choose another level")]
    NoSuchSyncLevel {
        /// The release.
        release: Release,
        /// The requested level.
        level: DbSyncLevel,
    },
    /// It was not ready in time and has been killed.
    #[error("the {} was not ready after {after:?}; its last log lines:\n{logs}", tool.role())]
    NotReady {
        /// What was started.
        tool: Tool,
        /// The bound.
        after: Duration,
        /// Its last log lines.
        logs: String,
    },
    /// The process could not be started or signalled.
    #[error("a process could not be controlled")]
    Process(#[source] io::Error),
}

/// An administrative request to a conductor failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The app is in a state that waiting does not change.
    #[error("app {app_id:?} is not callable and will not be: {status}")]
    NotCallable {
        /// The app.
        app_id: String,
        /// Its status, rendered.
        status: String,
    },
    /// The conductor refused, or its socket failed.
    #[error("{request}: the conductor refused or could not be reached; its last log lines:\n{logs}")]
    Refused {
        /// The request.
        request: &'static str,
        /// Its answer.
        #[source]
        source: Box<holochain_client::ConductorApiError>,
        /// The conductor's last log lines.
        logs: String,
    },
    /// No answer came in time; whether the request was carried out is unknown.
    #[error("{request}: no answer after {after:?}; the conductor's last log lines:\n{logs}")]
    TimedOut {
        /// The request.
        request: &'static str,
        /// The bound.
        after: Duration,
        /// The conductor's last log lines.
        logs: String,
    },
}

/// A bundle, or the sources it is built from, cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read", path.display())]
#[non_exhaustive]
pub struct BundleError {
    /// The file or directory.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}
