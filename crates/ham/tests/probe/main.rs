//! The features of the HDK on a real conductor, by the zomes of `happ/bundle/features.happ`, whose functions
//! `happ/README.md` lists. One conductor serves all tests; each has an app of its own on it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod app;
mod calls;
mod commit;
mod crypto;
mod data;
mod externs;
mod init;
mod validation;
