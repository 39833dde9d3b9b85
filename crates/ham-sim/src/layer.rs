//! The layers.

pub mod example;
