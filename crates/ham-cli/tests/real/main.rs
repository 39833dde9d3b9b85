//! The binary on a conductor, which all tests share. Built twice: as `real` and, on the embedded conductor, as `embedded`.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod apps;
mod calls;
mod conductor;
mod conductors;
mod doctor;
mod secrets;
#[expect(dead_code, reason = "`cli` uses all of it, this a part")]
#[path = "../support/mod.rs"]
mod support;
