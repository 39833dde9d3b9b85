//! The parts of the `ham` command.

pub mod demo;
