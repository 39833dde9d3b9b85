//! The binary without a conductor.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod bad_input;
mod envelopes;
mod feeds;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod usage;
mod waiting;
