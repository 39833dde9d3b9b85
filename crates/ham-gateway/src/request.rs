//! The layers over every request: it gets an id, its path must be unambiguous, and its problem is written.

mod body;
mod name;
mod path;
mod trace;

pub(crate) use body::read as body;
pub(crate) use name::finish;
pub(crate) use path::check;
