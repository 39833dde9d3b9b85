//! The gateway over real sockets, before an embedded conductor.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod access;
mod calls;
mod client;
mod hostile;
mod keyed;
mod life;
mod operations;
mod secrets;
mod stage;
