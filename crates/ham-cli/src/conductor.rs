//! Conductors that ham starts. Commands use this module; it does not use them.

pub(crate) mod embedded;
pub(crate) mod real;
mod temporary;

pub(crate) use temporary::Temporary;
