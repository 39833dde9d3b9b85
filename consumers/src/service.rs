//! A service as users of the older ham write them: a reconnect loop around a `Ham` that it owns, errors told apart by the
//! classifiers, and types of its own `holochain_client` on both sides of ham's interface.

mod loops;
mod types;

use ham::{BackoffConfig, Ham, HamConfig, ShutdownRx, connect_with_backoff, install_shutdown_handler};

fn config() -> HamConfig {
    HamConfig::new(30000, 30001, "bridging-app").with_request_timeout_secs(120).with_force_fresh_attach(false)
}

fn backoff() -> BackoffConfig {
    BackoffConfig {
        initial_ms: 1_000,
        max_ms: 30_000,
        escalate_after: BackoffConfig::default().escalate_after,
    }
}

/// A new connection; `None` when the service stops.
async fn connect(shutdown: &mut ShutdownRx) -> Option<Ham> {
    connect_with_backoff(|| Ham::connect(config()), &backoff(), shutdown).await
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut shutdown = install_shutdown_handler();
    let Some(ham) = connect(&mut shutdown).await else { return Ok(()) };
    types::through_the_drop_in(&ham).await?;
    loops::run(ham, shutdown).await
}
