//! The layers.

pub mod example;
pub(crate) mod ham;
