//! What every request goes through: it gets a name, its path is one that cannot be read in two ways, and its problem is written.

mod body;
mod name;
mod path;
mod trace;

pub(crate) use body::read as body;
pub(crate) use name::finish;
pub(crate) use path::check;
