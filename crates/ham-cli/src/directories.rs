//! Where the commands keep files.

use std::path::PathBuf;

/// Where ham keeps what outlives a command: `$XDG_STATE_HOME/ham`, else `~/.local/state/ham`.
pub(crate) fn state() -> Option<PathBuf> {
    let state = path_in("XDG_STATE_HOME")
        .or_else(|| path_in("HOME").map(|home| home.join(".local").join("state")))?;
    Some(state.join("ham"))
}

/// The path in an environment variable; an empty one does not count.
pub(crate) fn path_in(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
