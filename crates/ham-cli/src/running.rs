//! Notes of the conductors that ham runs here, so that commands in another terminal need not be told a port.
//!
//! A note is a private file in a private directory. It is locked for as long as its conductor runs: one that can be locked is of a
//! conductor that was killed, and is removed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::directories;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// What a note says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) admin_port: u16,
    /// The app that it was started with.
    pub(crate) app_id: Option<String>,
}

/// A note, which goes with its conductor.
#[derive(Debug)]
pub(crate) struct Note {
    path: PathBuf,
    /// Its lock.
    _file: File,
}

impl Note {
    /// Leaves a note. Where none can be left, commands have to be told the port, and the conductor runs all the same.
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
        // Process ids are not one's own where several machines or containers share a directory.
        let path = directory.join(format!("{:016x}.{EXTENSION}", rand::random::<u64>()));
        // Written under another name and locked before it is found.
        let hidden = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden)?;
        file.try_lock().map_err(io::Error::from)?;
        file.write_all(serde_json::to_string(noted)?.as_bytes())?;
        fs::rename(&hidden, &path)?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        // One that stays is not locked, so nobody believes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// The settings with what is known of the conductors that run here: of the only one, or of the only one with the named app,
/// where they name none; of the one with the named port, where they name no app.
///
/// # Errors
/// Several run.
pub(crate) fn nearest(settings: &Settings) -> Result<Option<Settings>, Failure> {
    let running = || directory().map(|directory| all(&directory)).unwrap_or_default();
    chosen(settings, running)
}

fn chosen(settings: &Settings, running: impl FnOnce() -> Vec<Noted>) -> Result<Option<Settings>, Failure> {
    let app_id = settings.app_id().ok();
    let mut running = match (settings.local_admin_port(), app_id) {
        (Some(port), None) => running().into_iter().filter(|noted| noted.admin_port == port).collect(),
        _ if settings.conductor.is_some() || settings.app_url.is_some() => return Ok(None),
        _ => running(),
    };
    if running.len() > 1 && running.iter().any(|noted| noted.app_id.as_deref() == app_id) {
        running.retain(|noted| noted.app_id.as_deref() == app_id);
    }
    match running.as_slice() {
        [] => Ok(None),
        [noted] => Ok(Some(settings.of_running(noted.admin_port, noted.app_id.clone()))),
        several => Err(Failure::usage(
            format!("several conductors run here: {}", words(several)),
            format!("name one of them: --admin-port {}", several[0].admin_port),
        )),
    }
}

/// `33217 (probe), 44943 (no app)`.
fn words(running: &[Noted]) -> String {
    let words = running.iter().map(|Noted { admin_port, app_id }| {
        format!("{admin_port} ({})", app_id.as_deref().unwrap_or("no app"))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The notes of what runs. Others are removed.
fn all(directory: &Path) -> Vec<Noted> {
    // What others can write to says what they like.
    if !is_private(directory) {
        return Vec::new();
    }
    let Ok(files) = fs::read_dir(directory) else { return Vec::new() };
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|has| has == EXTENSION)).collect();
    paths.sort();
    paths.iter().filter_map(|path| read(path)).collect()
}

fn read(path: &Path) -> Option<Noted> {
    // A pipe would be waited for, and a link leads elsewhere.
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Ok(()) => {
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

/// Far more than a note holds, in bytes.
const LARGEST: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Source, Values};

    fn noted(admin_port: u16) -> Noted {
        Noted { admin_port, app_id: Some("app".into()) }
    }

    #[test]
    fn a_note_is_private_and_goes_with_its_conductor() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("run");
        let note = Note::in_directory(&directory, &noted(7)).unwrap();
        assert_eq!(all(&directory), [noted(7)]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&note.path)), (0o700, 0o600));
        drop(note);
        assert!(all(&directory).is_empty() && fs::read_dir(&directory).unwrap().next().is_none());
    }

    /// Several run: a port that was named said nothing of the app, and an app that was named did not choose.
    #[test]
    fn a_port_brings_its_app_and_an_app_its_port() {
        let of = |admin_port, app_id: &str| Noted { admin_port, app_id: Some(app_id.into()) };
        let running = || vec![of(7, "a"), of(8, "b"), of(9, "b")];
        let found = |flags: &[(&'static str, &str)]| {
            let mut values = Values::default();
            values.add(Source::Flag, |key| {
                flags.iter().find(|(known, _)| *known == key).map(|(_, value)| (*value).to_owned())
            });
            let settings = Settings::new(values).unwrap();
            let found = chosen(&settings, running);
            found.map(|found| {
                found.map(|found| (found.local_admin_port(), found.app_id().ok().map(str::to_owned)))
            })
        };
        let is = |port, app: &str| Some((Some(port), Some(app.to_owned())));
        assert_eq!(found(&[("admin_port", "8")]).unwrap(), is(8, "b"));
        assert_eq!(found(&[("app_id", "a")]).unwrap(), is(7, "a"));
        assert_eq!(found(&[("admin_port", "6")]).unwrap(), None);
        assert_eq!(found(&[("admin_port", "8"), ("app_id", "a")]).unwrap(), None);
        for ambiguous in [&[][..], &[("app_id", "b")]] {
            let causes = found(ambiguous).unwrap_err().causes();
            assert!(causes[0].contains("8 (b), 9 (b)"), "{causes:?}");
        }
    }

    /// The conductor was killed, so its lock is gone.
    #[test]
    fn a_note_that_nobody_holds_is_not_believed_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("run");
        drop(Note::in_directory(&directory, &noted(7)).unwrap());
        let stale = directory.join("1.conductor");
        fs::write(&stale, r#"{"admin_port":1,"app_id":null}"#).unwrap();
        assert!(all(&directory).is_empty() && !stale.exists());
    }

    /// A pipe was waited for; a directory that others write to named their conductor.
    #[test]
    fn what_is_no_private_file_is_not_believed() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("run");
        let note = Note::in_directory(&directory, &noted(7)).unwrap();
        std::os::unix::fs::symlink(&note.path, directory.join("link.conductor")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(directory.join("pipe.conductor")).status();
        assert!(made.unwrap().success());
        assert_eq!(all(&directory), [noted(7)]);
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(all(&directory).is_empty());
        assert!(Note::in_directory(&directory, &noted(8)).is_err());
    }
}
