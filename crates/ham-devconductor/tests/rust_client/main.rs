//! What `holochain_client` 0.9.1 tests itself with, against the embedded conductor: the same requests and the same
//! expectations, one test a case, by the same names. What needs a network says what it gets instead.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod admin;
mod app;
mod at_once;
mod clone_cell;
mod network;
#[path = "../support/mod.rs"]
mod support;
