//! How the files of this crate stand to each other: none is long, and no two need each other.

mod circles;
mod modules;
mod paths;

use std::path::Path;

use modules::Modules;

/// What can be read in one go.
const MOST_LINES: usize = 250;

fn modules() -> Modules {
    Modules::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// A file of a circle can be understood, and changed, only with all of them.
#[test]
fn no_files_need_each_other() {
    let circles = circles::of(&paths::needs(&modules()));
    assert!(circles.is_empty(), "circles of files:\n\n{}", circles.join("\n\n"));
}

#[test]
fn no_file_is_long() {
    let modules = modules();
    let long: Vec<_> = modules.lines().filter(|(_, lines)| *lines > MOST_LINES).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:?}");
}

/// The test would find nothing if it understood nothing.
#[test]
fn what_files_need_is_understood() {
    let needs = paths::needs(&modules());
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
