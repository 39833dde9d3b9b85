//! How the files of this crate stand to each other. What finds it out is `ham`'s.

#[path = "../../ham/tests/structure/circles.rs"]
mod circles;
#[expect(dead_code, reason = "`ham` uses all of it, this a part")]
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

/// But for those that clap has name each other: the command line names the flags of its commands, and the commands about the command
/// line name that.
#[test]
fn no_files_need_each_other() {
    let mut needs = paths::needs(&modules());
    for file in ["commands.rs", "commands/man.rs"] {
        needs.get_mut(file).unwrap().remove("args.rs").unwrap();
    }
    let circles = circles::of(&needs);
    assert!(circles.is_empty(), "circles of files:\n\n{}", circles.join("\n\n"));
}

#[test]
fn no_file_is_long() {
    let modules = modules();
    let long: Vec<_> = modules.lines().filter(|(_, lines)| *lines > MOST_LINES).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:?}");
}
