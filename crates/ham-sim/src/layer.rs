//! The layers.

pub(crate) mod example;
pub(crate) mod gateway;
pub(crate) mod ham;
pub(crate) mod persistent;
pub(crate) mod session;
