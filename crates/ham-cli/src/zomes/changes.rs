//! The files of a project, watched.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::Instant;

use super::project::Project;
use crate::exit::Exit;
use crate::failure::Failure;

/// Tells that something has changed, not what: whoever builds looks at everything anyway. Dropping it ends the watching.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Room for one: a second change before the first was taken says nothing more.
    changed: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Watches from now on: the directory itself, the packages, and where the app's manifest and those of its DNAs lie.
    ///
    /// # Errors
    /// The system has no more watches, or a directory is gone.
    pub(crate) fn of(project: &Project) -> Result<Self, Failure> {
        let (tell, changed) = mpsc::channel(1);
        let told = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| is_a_change(&event)) {
                // Full says the same.
                let _ = tell.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(told).map_err(unwatched)?;
        let mut watch = |directory: &Path, mode| watcher.watch(directory, mode).map_err(unwatched);
        for directory in project.directories() {
            watch(&directory, RecursiveMode::NonRecursive)?;
        }
        for sources in project.packages.iter().map(|package| package.join("src")) {
            if sources.is_dir() {
                watch(&sources, RecursiveMode::Recursive)?;
            }
        }
        Ok(Self { changed, _watcher: watcher })
    }

    /// Resolves after a change, when nothing more has changed for [`QUIET`]; at the latest [`PATIENCE`] after the first one.
    ///
    /// # Cancel safety
    /// Cancel-safe, but a change that it has seen is not seen again.
    pub(crate) async fn next(&mut self) {
        if self.changed.recv().await.is_none() {
            // The watcher is gone: nothing is told any more.
            return std::future::pending().await;
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let quiet = end.min(Instant::now() + QUIET);
            match tokio::time::timeout_at(quiet, self.changed.recv()).await {
                Ok(Some(())) if Instant::now() < end => {}
                _ => return,
            }
        }
    }
}

/// Files are saved in several steps, and several at once.
const QUIET: Duration = Duration::from_millis(50);

/// Something that never rests is built all the same.
const PATIENCE: Duration = Duration::from_secs(1);

fn is_a_change(event: &Event) -> bool {
    let written = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
    // Where events were lost, any file may have changed.
    event.need_rescan() || written && event.paths.iter().any(|path| is_source(path))
}

/// Not what a build writes, and not the temporary files of editors.
fn is_source(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else { return true };
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let written = ["happ", "dna", "webhapp", "part", "lock", "swp", "tmp"].contains(&extension);
    !(written || name == "target" || name.starts_with('.') || name.ends_with('~'))
}

fn unwatched(error: notify::Error) -> Failure {
    Failure::new(
        Exit::Local,
        anyhow::Error::new(error).context("the files cannot be watched"),
        "where the system has no watches left, raise fs.inotify.max_user_watches",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build would be the reason for the next one.
    #[test]
    fn what_a_build_writes_is_no_change() {
        for name in ["src/lib.rs", "Cargo.toml", "dna.yaml", "src/data.json", "src"] {
            assert!(is_source(&Path::new("/app").join(name)), "{name}");
        }
        for name in
            ["my.happ", "my.happ.17.part", "dna/my.dna", "target", "Cargo.lock", ".lib.rs.swp", "lib.rs~"]
        {
            assert!(!is_source(&Path::new("/app").join(name)), "{name}");
        }
    }
}
