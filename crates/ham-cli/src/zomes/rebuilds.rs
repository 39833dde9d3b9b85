//! Which changes during a build lead to another build, and which do not: a build may change files itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A sequence of builds, each started because files changed during the previous one.
#[derive(Debug, Default)]
pub(super) struct Rebuilds {
    /// Files that builds change themselves.
    own: BTreeSet<PathBuf>,
    builds: u32,
    /// In how many of them a file changed.
    changes: BTreeMap<PathBuf, u32>,
    /// The files that changed in the last one.
    last: BTreeSet<PathBuf>,
}

/// What to do when a build has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Files changed meanwhile.
    BuildAgain,
    /// Nothing.
    Rest,
    /// These files changed in every build of the sequence. From now on they do not count while one runs; the last save
    /// is built.
    BuildOnceMore(BTreeSet<PathBuf>),
}

impl Rebuilds {
    /// A build begins.
    pub(super) fn begin(&mut self) {
        self.builds += 1;
        self.last.clear();
    }

    /// These files changed while nothing was built. Returns whether there are any.
    pub(super) fn idle(&mut self, changed: &BTreeSet<PathBuf>) -> bool {
        self.own.retain(|file| !changed.contains(file));
        let own = std::mem::take(&mut self.own);
        *self = Self { own, ..Self::default() };
        !changed.is_empty()
    }

    /// These files changed while the last build runs. Returns whether any was saved by somebody.
    pub(super) fn meanwhile(&mut self, mut changed: BTreeSet<PathBuf>) -> bool {
        changed.retain(|file| !self.own.contains(file));
        for file in changed.difference(&self.last) {
            *self.changes.entry(file.clone()).or_default() += 1;
        }
        let counts = changed.iter().any(|file| !self.seems_own(file));
        self.last.append(&mut changed);
        counts
    }

    /// The last build has ended, and these files have changed by then, too.
    pub(super) fn end(&mut self, changed: BTreeSet<PathBuf>) -> Next {
        self.meanwhile(changed);
        if self.last.iter().any(|file| !self.seems_own(file)) {
            return Next::BuildAgain;
        }
        let last = std::mem::take(&mut self.last);
        self.own.extend(last.iter().cloned());
        self.idle(&BTreeSet::new());
        if last.is_empty() { Next::Rest } else { Next::BuildOnceMore(last) }
    }

    /// Whether builds seem to change this file themselves: it changed in each of many, or files with ever new names change.
    fn seems_own(&self, file: &Path) -> bool {
        let changes = self.changes.get(file).copied().unwrap_or_default();
        self.builds >= MANY && (changes >= self.builds || self.builds >= TOO_MANY)
    }
}

/// After this many builds in sequence, a file that changed in each is considered one that builds change themselves.
const MANY: u32 = 5;
/// After this many, so are all files that change.
const TOO_MANY: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> BTreeSet<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    /// For each of these builds, whether its changes count.
    fn row(builds: &[&[&str]]) -> Vec<bool> {
        let mut row = Rebuilds::default();
        let mut add = |changed: &&[&str]| {
            row.begin();
            row.meanwhile(files(changed))
        };
        builds.iter().map(&mut add).collect()
    }

    #[test]
    fn what_every_build_changes_is_told_from_what_somebody_saves() {
        assert_eq!(row(&[&[], &["a"]]), [false, true]);
        assert_eq!(row(&[&["out"] as &[_]; 6]), [true, true, true, true, false, false]);
        let saved: &[_] = &["out", "lib.rs"];
        assert_eq!(row(&[&["out"], saved, &["out"], saved, saved]), [true; 5]);
        let names: Vec<String> = (0..21).map(|nth| format!("out {nth}")).collect();
        let builds: Vec<[&str; 1]> = names.iter().map(|name| [name.as_str()]).collect();
        let ever_others: Vec<&[&str]> = builds.iter().map(|build| &build[..]).collect();
        assert_eq!(row(&ever_others).iter().filter(|counts| **counts).count(), 19);
    }

    #[test]
    fn what_a_build_changes_is_left_out_until_somebody_saves_it() {
        let mut rebuilds = Rebuilds::default();
        for _ in 1..MANY {
            rebuilds.begin();
            assert_eq!(rebuilds.end(files(&["out"])), Next::BuildAgain);
        }
        rebuilds.begin();
        assert_eq!(rebuilds.end(files(&["out"])), Next::BuildOnceMore(files(&["out"])));
        rebuilds.begin();
        assert_eq!(rebuilds.end(files(&["out"])), Next::Rest);
        rebuilds.begin();
        assert!(!rebuilds.meanwhile(files(&["out"])) && rebuilds.meanwhile(files(&["lib.rs"])));
        assert_eq!(rebuilds.end(files(&["out"])), Next::BuildAgain);
        assert!(rebuilds.idle(&files(&["out"])));
        rebuilds.begin();
        assert!(rebuilds.meanwhile(files(&["out"])));
    }
}
