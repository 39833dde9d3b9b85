//! The state of a project's files at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The places of the files that a build reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Directories whose files count, but not those further down.
    pub(super) directories: BTreeSet<PathBuf>,
    /// Directories in which everything counts.
    pub(super) trees: BTreeSet<PathBuf>,
}

impl Places {
    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.directories.iter().chain(&self.trees)
    }
}

/// Files, and their contents.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<PathBuf, File>);

#[derive(Clone, Copy, Debug)]
struct File {
    /// `None` if it may still change without a change of this time.
    modified: Option<SystemTime>,
    length: u64,
    content: u64,
}

impl Seen {
    /// Looks at the files again; those whose time is unchanged are not read.
    pub(super) fn look(&self, places: &Places) -> Self {
        let mut now = Self::default();
        places.directories.iter().for_each(|directory| now.add(self, directory, 0));
        places.trees.iter().for_each(|tree| now.add(self, tree, DEEPEST));
        now
    }

    /// The files that are new, gone, or have other contents. A file that was written again with the same contents has
    /// not changed.
    pub(super) fn changed(&self, now: &Self) -> BTreeSet<PathBuf> {
        let differs = |path: &PathBuf| {
            let (before, after) = (self.0.get(path), now.0.get(path));
            before.map(|file| file.content) != after.map(|file| file.content)
        };
        self.0.keys().chain(now.0.keys()).filter(|path| differs(path)).cloned().collect()
    }

    /// Marks files below these places as seen if they were not looked at before.
    pub(super) fn take(&mut self, places: &Places, before: &Places) {
        let unknown = |path: &Path| !before.all().any(|place| path.starts_with(place));
        let looked = self.look(places);
        self.0.extend(looked.0.into_iter().filter(|(path, _)| unknown(path)));
    }

    /// Also this many levels further down.
    fn add(&mut self, before: &Self, directory: &Path, deeper: usize) {
        // A directory that is gone has no files.
        let Ok(entries) = std::fs::read_dir(directory) else { return };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| is_source(path)) {
            let Ok(about) = std::fs::metadata(&path) else { continue };
            if about.is_dir() && deeper > 0 {
                self.add(before, &path, deeper - 1);
            } else if about.is_file() && self.0.len() < MOST_FILES {
                let file = File::of(&path, &about, before.0.get(&path));
                self.0.insert(path, file);
            }
        }
    }
}

impl File {
    fn of(path: &Path, about: &Metadata, before: Option<&Self>) -> Self {
        let (modified, length) = (about.modified().ok(), about.len());
        if let Some(before) = before.filter(|before| before.modified.is_some())
            && (before.modified, before.length) == (modified, length)
        {
            return *before;
        }
        let mut hasher = DefaultHasher::new();
        match std::fs::read(path) {
            Ok(content) if length <= LARGEST => hasher.write(&content),
            _ => hasher.write_u64(length),
        }
        let rests = |modified: &SystemTime| modified.elapsed().is_ok_and(|age| age > COARSEST);
        Self { modified: modified.filter(rests), length, content: hasher.finish() }
    }
}

/// Excludes what a build writes, and the temporary files of editors.
pub(super) fn is_source(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else { return true };
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let written = ["happ", "dna", "webhapp", "part", "lock", "swp", "tmp"].contains(&extension);
    !(written || name == "target" || name.starts_with('.') || name.ends_with('~'))
}

/// How deep a tree is examined: links may make it endless.
const DEEPEST: usize = 32;

/// How many files, and how many bytes of each, are read.
const MOST_FILES: usize = 50_000;
const LARGEST: u64 = 16 << 20;

/// Two changes this close to each other may have the same time.
const COARSEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A build would trigger the next one.
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

    #[test]
    fn a_file_that_is_written_as_it_was_has_not_changed() {
        let home = tempfile::tempdir().unwrap();
        let [directory, tree] = ["app", "app/src"].map(|name| home.path().join(name));
        fs::create_dir_all(tree.join("deep")).unwrap();
        let [beside, source, deep] = [directory.join("a.txt"), tree.join("lib.rs"), tree.join("deep/x.rs")];
        let write = |path: &Path, text: &str| fs::write(path, text).unwrap();
        [&beside, &source, &deep].iter().for_each(|path| write(path, "made"));
        let places = Places { directories: [directory].into(), trees: [tree.clone()].into() };
        let mut seen = Seen::default().look(&places);
        let mut changed = || {
            let now = seen.look(&places);
            let changed = seen.changed(&now);
            seen = now;
            Vec::from_iter(changed)
        };
        write(&beside, "made");
        assert!(changed().is_empty());
        // At once, and of the same length.
        write(&deep, "next");
        assert_eq!(changed(), vec![deep.clone()]);
        fs::remove_dir_all(&tree).unwrap();
        assert_eq!(changed(), [deep, source.clone()]);
        fs::create_dir(&tree).unwrap();
        write(&source, "made");
        assert_eq!(changed(), [source]);
    }
}
