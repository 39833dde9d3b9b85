//! How the files of the crates stand to each other: none is long, and no two need each other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod circles;
mod modules;
mod paths;

use std::path::{Path, PathBuf};

use modules::Modules;

/// What can be read in one go.
const MOST_LINES: usize = 250;

/// But for those that clap has name each other: the command line names the flags of its commands, and the commands about the command
/// line name that.
const NEED_EACH_OTHER: [(&str, &str, &str); 2] =
    [("ham-cli", "commands.rs", "args.rs"), ("ham-cli", "commands/man.rs", "args.rs")];

fn crates() -> Vec<(String, Modules)> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().read_dir().unwrap();
    let mut all: Vec<PathBuf> = all.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all.retain(|path| path.join("src/lib.rs").exists());
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let told = all.iter().map(|path| (named(path), path.join("src")));
    told.map(|(name, src)| (name, Modules::read(&src))).collect()
}

fn modules(of: &str) -> Modules {
    crates().into_iter().find_map(|(name, modules)| (name == of).then_some(modules)).unwrap()
}

/// A file of a circle can be understood, and changed, only with all of them.
#[test]
fn no_files_need_each_other() {
    let mut found = Vec::new();
    for (name, modules) in crates() {
        let mut needs = paths::needs(&modules);
        for (_, file, needed) in NEED_EACH_OTHER.iter().filter(|(of, ..)| *of == name) {
            needs.get_mut(*file).unwrap().remove(*needed).unwrap();
        }
        found.extend(circles::of(&needs).into_iter().map(|circle| format!("{name}:\n{circle}")));
    }
    assert!(found.is_empty(), "circles of files:\n\n{}", found.join("\n\n"));
}

#[test]
fn no_file_is_long() {
    let mut long = Vec::new();
    for (name, modules) in crates() {
        let over = modules.lines().filter(|(_, lines)| *lines > MOST_LINES);
        long.extend(over.map(|(file, lines)| format!("{name}/src/{file}: {lines}")));
    }
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:#?}");
}

/// The test would find nothing if it understood nothing.
#[test]
fn what_files_need_is_understood() {
    let needs = paths::needs(&modules("ham"));
    let needs = |file: &str, other: &str| needs.get(file).is_some_and(|needed| needed.contains_key(other));
    // By a `use`, through a re-export; by a path in the code; by a path in a macro.
    assert!(needs("call/send.rs", "error/call.rs"));
    assert!(needs("call/send.rs", "call/sign.rs"));
    assert!(needs("call/deliver.rs", "events.rs"));
    assert!(needs("persistent/calls.rs", "call/fence.rs") && !needs("call/fence.rs", "persistent/calls.rs"));
}

#[test]
fn a_circle_is_found_and_shown() {
    let modules = Modules::of_files([
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::Two; pub struct One(Two); #[cfg(test)] mod tests { use crate::c::Three; }"),
        ("b.rs", "mod deep; pub use deep::Two;"),
        ("b/deep.rs", "pub struct Two; fn f() { println!(\"{:?}\", super::super::c::Three); }"),
        ("c.rs", "use super::*; pub struct Three; fn g(_: a::One) {}"),
    ]);
    let circles = circles::of(&paths::needs(&modules));
    assert_eq!(circles.len(), 1, "{circles:?}");
    for line in ["a.rs needs b/deep.rs", "b/deep.rs needs c.rs", "c.rs needs a.rs"] {
        assert!(circles[0].contains(line), "{}", circles[0]);
    }
}
