//! How zomes are compiled, whoever wrote them: the same code gives the same module on every machine with the same compiler.

use std::ffi::OsString;
use std::path::PathBuf;

use comfy_table::Table;
use tokio::process::Command;

use super::compiler::{Compiler, TARGET, renamed};
use super::project::Project;
use crate::directories;

/// The command that compiles the zomes of a project. `on_terminal`: its output goes to a terminal unchanged.
pub(super) fn command(project: &Project, compiler: &Compiler, on_terminal: bool) -> Command {
    let (mut cargo, mut flags) = compiler.cargo();
    // A zome has no randomness of its own, and imports its host functions.
    flags.extend(
        ["--cfg", "getrandom_backend=\"custom\"", "-Clink-arg=--allow-undefined"].map(OsString::from),
    );
    // The module is sent to others, and its hash goes into the DNA's, so it must not contain paths of this machine.
    flags.extend(cargo_home().map(|home| renamed(&home, "/cargo")));
    flags.push(renamed(&project.directory, "/app"));
    // The manifests of DNAs name the modules in Cargo's default place.
    cargo.args(["--release", "--target", TARGET, "--target-dir", "target"]);
    // Its output is read, and passed on.
    if on_terminal {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        if std::env::var_os(COLOR).is_none() {
            cargo.env(COLOR, if wanted { "always" } else { "never" });
        }
        let width = Table::new().width().filter(|width| *width > 0).unwrap_or(WIDTH).to_string();
        cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", width);
    } else {
        cargo.env(COLOR, "never");
    }
    for zome in &project.zomes {
        cargo.args(["--package", zome]);
    }
    let mut all = own_flags();
    all.extend(flags);
    cargo.env(FLAGS, all.join(SEPARATOR.as_ref()));
    cargo
}

/// The flags that are set for every compilation here, which those of the recipe would hide.
fn own_flags() -> Vec<OsString> {
    let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (text(FLAGS), text("RUSTFLAGS")) {
        (Some(flags), _) => flags.split(SEPARATOR).map(OsString::from).collect(),
        (None, Some(flags)) => flags.split_ascii_whitespace().map(OsString::from).collect(),
        (None, None) => Vec::new(),
    }
}

fn cargo_home() -> Option<PathBuf> {
    directories::path_in("CARGO_HOME").or_else(|| Some(directories::path_in("HOME")?.join(".cargo")))
}

const COLOR: &str = "CARGO_TERM_COLOR";

/// For a terminal that does not report its width.
const WIDTH: u16 = 80;

const FLAGS: &str = "CARGO_ENCODED_RUSTFLAGS";

/// Cargo's separator between flags, which may contain blanks.
const SEPARATOR: &str = "\u{1f}";
