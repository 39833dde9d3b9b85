//! What a hostile bundle, zome or client can do: be answered with an error or be cut off. Every test ends with a call that
//! is served.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod apart;
mod budget;
mod bundles;
mod calls;
mod clones;
mod commits;
mod deaf;
mod frames;
mod guests;
mod hdk;
mod installing;
mod modules;
mod reads;
mod removed;
mod secrets;
mod support;
mod tokens;
mod unfinished;
mod zome;
