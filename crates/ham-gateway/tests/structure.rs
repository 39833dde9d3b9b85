//! How the files of this crate stand to each other: none is long, and no two need each other. What reads them is `ham`'s.

#[path = "../../ham/tests/structure/circles.rs"]
mod circles;
#[expect(dead_code, reason = "`ham` tests these on files of its making")]
#[path = "../../ham/tests/structure/modules.rs"]
mod modules;
#[path = "../../ham/tests/structure/paths.rs"]
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
    let needs = paths::needs(&modules());
    // It would find nothing if it understood nothing.
    assert!(
        needs["call/direct.rs"].contains_key("call/request.rs")
            && needs["health.rs"].contains_key("gateway.rs")
    );
    let circles = circles::of(&needs);
    assert!(circles.is_empty(), "circles of files:\n\n{}", circles.join("\n\n"));
}

#[test]
fn no_file_is_long() {
    let modules = modules();
    let long: Vec<_> = modules.lines().filter(|(_, lines)| *lines > MOST_LINES).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:?}");
}
