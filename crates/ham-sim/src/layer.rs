//! The layers.

pub(crate) mod example;
pub(crate) mod persistent;
