#![doc = include_str!("../README.md")]

pub mod headers;
pub mod outbox;
mod outcome;
mod problem;

pub use outcome::{KeyFate, OutcomeWord, Retry, Told};
pub use problem::{Kind, PROBLEMS_URL, Problem};
