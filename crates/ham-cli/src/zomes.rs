//! Zomes in a directory: found, compiled, packed, watched. Commands use this module; it does not use them.

mod build;
mod changes;
mod compiler;
mod errors;
mod project;
mod rebuilds;
mod recipe;
mod said;
mod seen;
mod subprocess;

pub(crate) use build::build;
pub(crate) use changes::Changes;
pub(crate) use project::Project;
pub(crate) use rebuilds::Next;
pub(crate) use said::Shown;
