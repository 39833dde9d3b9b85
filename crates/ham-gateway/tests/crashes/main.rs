//! The outbox's process is killed (SIGKILL) at each point that the documentation of crashes names, and at random moments, with the
//! conductor or without it. After the next start the chain, the records and what callers were told are compared. Built twice: as `crashes`,
//! on a real conductor, and as `embedded_crashes`.
//!
//! Random kills: 50; more: `HAM_GATEWAY_KILLS=1000 cargo test -p ham-gateway --features crash-points --test embedded_crashes random`.
//! Everything is drawn from a seed, which is printed; set `HAM_CHAOS_SEED` to draw the same again.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod child;
mod gateway;
mod job;
mod ledger;
mod points;
mod random;
mod stage;
