//! The files of a project, watched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::Instant;

use super::project::Project;
use super::rebuilds::{Next, Rebuilds};
use super::seen::{Places, Seen, is_source};
use crate::exit::Exit;
use crate::failure::Failure;

/// Reports which files have changed. The system's events only wake it: the contents of the files show whether they have
/// changed. Dropping it ends the watching.
#[derive(Debug)]
pub(crate) struct Changes {
    places: Places,
    seen: Seen,
    watcher: RecommendedWatcher,
    /// Room for one: a second event before the first was taken adds nothing.
    woken: Receiver<()>,
    /// Whether something has happened that was not looked at.
    is_awake: bool,
    is_building: bool,
    rebuilds: Rebuilds,
}

impl Changes {
    /// Watches from now on: the directory itself, the packages, and the places of the app's manifest and of its DNAs' manifests.
    ///
    /// # Errors
    /// The system has no more watches.
    pub(crate) fn of(project: &Project) -> Result<Self, Failure> {
        let places = project.places();
        let (watcher, woken) = watcher(&places)?;
        let mut changes = Self {
            seen: Seen::default(),
            places,
            watcher,
            woken,
            is_awake: false,
            is_building: false,
            rebuilds: Rebuilds::default(),
        };
        changes.watch()?;
        changes.seen = changes.seen.look(&changes.places);
        Ok(changes)
    }

    /// A build begins.
    pub(crate) fn begin(&mut self) {
        self.is_building = true;
        self.rebuilds.begin();
    }

    /// A build reads this. Files of packages that are new do not count as changes yet.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(crate) fn follow(&mut self, project: &Project) -> Result<(), Failure> {
        let places = project.places();
        if places != self.places {
            (self.watcher, self.woken) = watcher(&places)?;
            self.seen.take(&places, &self.places);
            self.places = places;
            // Events between the two watchers.
            self.is_awake = true;
            self.watch()?;
        }
        Ok(())
    }

    /// The result of some work; `None`, with the work dropped, if files change first.
    ///
    /// # Errors
    /// As [`saved`](Self::saved).
    ///
    /// # Cancel safety
    /// That of the work.
    pub(crate) async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Result<Option<T>, Failure> {
        tokio::select! {
            biased;
            done = work => Ok(Some(done)),
            changed = self.next() => changed.map(|()| None),
        }
    }

    /// A build has ended, or could not begin.
    pub(crate) fn end(&mut self) -> Next {
        self.is_building = false;
        // Including what it wrote last.
        let changed = self.look();
        self.rebuilds.end(changed)
    }

    /// Resolves after a change while nothing is built, when nothing more has happened for [`QUIET`]; at the latest
    /// [`PATIENCE`] after the first event.
    ///
    /// # Errors
    /// A directory that was created again cannot be watched: the system has no more watches.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn saved(&mut self) -> Result<(), Failure> {
        self.is_building = false;
        self.next().await
    }

    /// The same. While a build runs, files that builds change themselves do not count.
    async fn next(&mut self) -> Result<(), Failure> {
        loop {
            if !self.is_awake {
                if self.woken.recv().await.is_none() {
                    // The watcher is gone: no more events come.
                    return std::future::pending().await;
                }
                self.is_awake = true;
            }
            self.settle().await;
            self.is_awake = false;
            // Watches end with their directories, and those may have been created again.
            self.watch()?;
            let changed = self.look();
            let counts = if self.is_building {
                self.rebuilds.meanwhile(changed)
            } else {
                self.rebuilds.idle(&changed)
            };
            if counts {
                return Ok(());
            }
        }
    }

    async fn settle(&mut self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let quiet = end.min(Instant::now() + QUIET);
            match tokio::time::timeout_at(quiet, self.woken.recv()).await {
                Ok(Some(())) if Instant::now() < end => {}
                _ => return,
            }
        }
    }

    fn look(&mut self) -> BTreeSet<PathBuf> {
        let now = self.seen.look(&self.places);
        let changed = self.seen.changed(&now);
        self.seen = now;
        changed
    }

    /// Watches each place, and the place where it would be created again.
    fn watch(&mut self) -> Result<(), Failure> {
        let mut watch = |place: &Path, mode| match self.watcher.watch(place, mode) {
            // It has just gone: the place where it would be created again is watched.
            Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) || !place.exists() => Ok(()),
            watched => watched.map_err(unwatched),
        };
        let above =
            self.places.all().filter_map(|place| place.ancestors().skip(1).find(|above| above.is_dir()));
        for directory in above.chain(self.places.directories.iter().map(PathBuf::as_path)) {
            watch(directory, RecursiveMode::NonRecursive)?;
        }
        self.places.trees.iter().try_for_each(|tree| watch(tree, RecursiveMode::Recursive))
    }
}

fn watcher(places: &Places) -> Result<(RecommendedWatcher, Receiver<()>), Failure> {
    let (tell, woken) = mpsc::channel(1);
    let places = places.clone();
    let told = move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| concerns(&event, &places)) {
            // A full channel says the same.
            let _ = tell.try_send(());
        }
    };
    Ok((notify::recommended_watcher(told).map_err(unwatched)?, woken))
}

/// Whether a file of these places may have changed, or one of them was created or removed.
fn concerns(event: &Event, places: &Places) -> bool {
    let written = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
    let is_of = |path: &PathBuf| {
        places.all().any(|place| place.starts_with(path) || (path.starts_with(place) && is_source(path)))
    };
    // If events were lost, any file may have changed.
    event.need_rescan() || written && event.paths.iter().any(is_of)
}

/// Files are saved in several steps, and several at once.
const QUIET: Duration = Duration::from_millis(50);

/// A directory that never comes to rest is built all the same.
const PATIENCE: Duration = Duration::from_secs(1);

fn unwatched(error: notify::Error) -> Failure {
    Failure::new(
        Exit::Local,
        anyhow::Error::new(error).context("the files cannot be watched"),
        "if the system has no watches left, raise fs.inotify.max_user_watches",
    )
}
