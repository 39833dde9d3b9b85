//! The drop-in API, in both of its generations, on conductors that follow a script. What needs a true one is in
//! `real/drop_in.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod closing;
mod connect;
#[path = "../fake/mod.rs"]
#[expect(dead_code, reason = "the tests of the dialects use the rest")]
mod fake;
mod policy;
mod steps;
mod surface;
