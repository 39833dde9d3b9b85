//! Ham on a real conductor. One conductor serves all tests that leave it alive; each test has an app of its own on it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod bad_input;
mod calls;
mod credential_files;
mod drop_in;
mod examples;
mod forks;
mod grants;
mod keystore;
mod kinds;
mod links;
mod nonces;
mod releases;
mod sharing;
mod signals;
mod support;
mod table;
mod upgrades;
mod wire_captures;
