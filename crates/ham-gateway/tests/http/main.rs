//! The gateway over real sockets, before an embedded conductor.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod access;
mod calls;
mod cancelled;
mod client;
mod documented;
mod hostile;
mod keyed;
mod life;
#[path = "../support/log.rs"]
mod log;
mod operations;
#[path = "../../../ham-feed/tests/support/python.rs"]
#[expect(dead_code, reason = "the feed's tests use all of it")]
mod python;
mod refusals;
mod schemathesis;
mod secrets;
mod secure;
mod stage;

/// Running into it means a hang.
pub(crate) async fn must<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(std::time::Duration::from_secs(300), what).await.expect("it hangs")
}
