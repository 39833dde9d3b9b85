//! Conductors that ham starts. Commands use them; they know no command.

pub(crate) mod embedded;
pub(crate) mod real;
mod temporary;

pub(crate) use temporary::Temporary;
