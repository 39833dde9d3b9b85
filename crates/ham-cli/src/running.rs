//! Notes of the conductors that ham runs here, so that commands in another terminal need not be given a port.
//!
//! A note is a private file in a private directory. It is locked for as long as its conductor runs: if it can be
//! locked, its conductor was killed, and the note is removed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::directories;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// The contents of a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) admin_port: u16,
    /// The app that it was started with.
    pub(crate) app_id: Option<String>,
    /// If several agents were started: that app and the others.
    #[serde(default)]
    pub(crate) agents: Vec<Agent>,
    /// The command that runs it; empty if an earlier version of ham left the note.
    #[serde(default)]
    pub(crate) command: String,
}

/// An agent of an app, and its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agent {
    /// The id of its app, which is its name.
    pub(crate) app_id: String,
    pub(crate) admin_port: u16,
}

impl Noted {
    /// Its agents, each as if it were the only one; the first comes first.
    fn each(&self) -> impl Iterator<Item = Self> {
        let first = Self { agents: Vec::new(), ..self.clone() };
        let others = self.agents.iter().filter(|agent| Some(&agent.app_id) != self.app_id.as_ref());
        let others = others.map(|Agent { app_id, admin_port }| Self {
            admin_port: *admin_port,
            app_id: Some(app_id.clone()),
            agents: Vec::new(),
            command: self.command.clone(),
        });
        std::iter::once(first).chain(others)
    }
}

/// A note, which is removed together with its conductor.
#[derive(Debug)]
pub(crate) struct Note {
    path: PathBuf,
    /// Its lock.
    _file: File,
}

impl Note {
    /// Leaves a note. If that fails, commands have to be given the port, and the conductor runs all the same.
    pub(crate) fn leave(noted: &Noted, output: Output) -> Option<Self> {
        let left = directory().map(|directory| Self::in_directory(&directory, noted));
        match left {
            Some(Ok(note)) => Some(note),
            Some(Err(error)) => {
                output.note(&format!(
                    "other commands need --admin-port: no note can be left for them ({error})"
                ));
                None
            }
            None => None,
        }
    }

    fn in_directory(directory: &Path, noted: &Noted) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        if !is_private(directory) {
            return Err(io::Error::other(format!("{} is open to others", directory.display())));
        }
        // Process ids are not unique if several machines or containers share a directory.
        let path = directory.join(format!("{:016x}.{EXTENSION}", rand::random::<u64>()));
        // Written under another name and locked before it can be found.
        let hidden = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden)?;
        file.try_lock().map_err(io::Error::from)?;
        file.write_all(serde_json::to_string(noted)?.as_bytes())?;
        fs::rename(&hidden, &path)?;
        Ok(Self { path, _file: file })
    }

    /// The socket where its conductor takes requests that go beyond an admin interface.
    pub(crate) fn control(&self) -> PathBuf {
        self.path.with_extension(CONTROL)
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        // If it stays, it is not locked, so nobody believes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// The settings, completed from the conductors that run here: from the only one, or the only one with the named app, if
/// they name no conductor; from the one with the named port, if they name no app.
///
/// # Errors
/// Several run; or the named port is 0, which no conductor has.
pub(crate) fn nearest(settings: &Settings) -> Result<Option<Settings>, Failure> {
    if settings.local_admin_port() == Some(0) {
        return Err(Failure::usage(
            format!(
                "{} is 0, which is not the port of a running conductor",
                settings.values.place(settings.conductor_key)
            ),
            "0 only means a free port when `ham dev` or `ham conductor run` starts a conductor; pass the port that it prints",
        ));
    }
    let running = || directory().map(|directory| all(&directory)).unwrap_or_default();
    chosen(settings, running)
}

fn chosen(settings: &Settings, running: impl FnOnce() -> Vec<Noted>) -> Result<Option<Settings>, Failure> {
    let app_id = settings.app_id().ok();
    let mut running = match (settings.local_admin_port(), app_id) {
        (Some(port), None) => {
            let at_port = |noted: &Noted| noted.each().find(|agent| agent.admin_port == port);
            running().iter().filter_map(at_port).collect()
        }
        _ if settings.conductor.is_some() || settings.app_url.is_some() => return Ok(None),
        _ => running(),
    };
    let named = running.iter().flat_map(Noted::each).filter(|agent| agent.app_id.as_deref() == app_id);
    let named: Vec<_> = named.collect();
    if !named.is_empty() {
        running = named;
    }
    match running.as_slice() {
        [] => Ok(None),
        [noted] => Ok(Some(settings.of_running(noted.admin_port, noted.app_id.clone()))),
        several => Err(Failure::usage(
            format!("several conductors are running here: {}", words(several)),
            format!("name one of them: --admin-port {}", several[0].admin_port),
        )),
    }
}

/// `33217 (ham dev: probe), 44943 (ham gateway --dev: no app)`.
fn words(running: &[Noted]) -> String {
    let words = running.iter().map(|Noted { admin_port, app_id, command, .. }| {
        let command = if command.is_empty() { String::new() } else { format!("{command}: ") };
        format!("{admin_port} ({command}{})", app_id.as_deref().unwrap_or("no app"))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The control socket of the conductor with this admin port, if it runs here and has one.
pub(crate) fn control_of(admin_port: u16) -> Option<PathBuf> {
    let found = found(&directory()?).into_iter().find(|(_, noted)| noted.admin_port == admin_port);
    found.map(|(path, _)| path.with_extension(CONTROL)).filter(|control| control.exists())
}

/// The notes of running conductors. Others are removed.
fn all(directory: &Path) -> Vec<Noted> {
    found(directory).into_iter().map(|(_, noted)| noted).collect()
}

/// The same, with their paths.
fn found(directory: &Path) -> Vec<(PathBuf, Noted)> {
    // If others can write to it, its notes may say anything.
    if !is_private(directory) {
        return Vec::new();
    }
    let Ok(files) = fs::read_dir(directory) else { return Vec::new() };
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|has| has == EXTENSION)).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| read(&path).map(|noted| (path, noted))).collect()
}

fn read(path: &Path) -> Option<Noted> {
    // Reading a pipe would wait, and a link leads elsewhere.
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = fs::remove_file(path.with_extension(CONTROL));
            let _ = fs::remove_file(path);
            None
        }
        Err(TryLockError::WouldBlock) => serde_json::from_reader(io::Read::take(file, LARGEST)).ok(),
        Err(TryLockError::Error(_)) => None,
    }
}

/// Whether it is a directory of this user alone.
fn is_private(directory: &Path) -> bool {
    fs::symlink_metadata(directory).is_ok_and(|metadata| {
        let own = metadata.uid() == rustix::process::geteuid().as_raw();
        metadata.is_dir() && own && metadata.mode() & 0o077 == 0
    })
}

/// `$XDG_RUNTIME_DIR/ham`, else `$XDG_STATE_HOME/ham/run`, else `~/.local/state/ham/run`.
fn directory() -> Option<PathBuf> {
    match directories::path_in("XDG_RUNTIME_DIR") {
        Some(runtime) => Some(runtime.join("ham")),
        None => Some(directories::state()?.join("run")),
    }
}

const EXTENSION: &str = "conductor";
const CONTROL: &str = "control";

/// Far more than a note needs, in bytes.
const LARGEST: u64 = 4096;

#[cfg(test)]
mod tests;
