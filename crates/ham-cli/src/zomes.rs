//! Zomes of a directory: found, compiled, packed, watched. Commands use it; it knows no command.

mod build;
mod changes;
mod compiler;
mod project;
mod rebuilds;
mod recipe;
mod seen;
mod subprocess;

pub(crate) use build::{Shown, build};
pub(crate) use changes::Changes;
pub(crate) use project::Project;
pub(crate) use rebuilds::Next;
