//! An oracle: writes the newest price to the chain, again and again.
//!
//! ```sh
//! cargo run -p ham --example oracle -- ADMIN_PORT APP_ID KEY_FILE PRICE_FILE
//! ```
//!
//! A price that is written twice does no harm, and one that is written late is worth nothing. So a write is signed anew when its
//! link dies under it, and given up when its price is stale: the next one replaces it. The oracle ends on SIGINT or
//! SIGTERM, after the write that is under way, and with an error if its cell cannot be called within a minute of the start.

use std::time::Duration;

use anyhow::Context;
use ham::{
    CallOptions, CallPolicy, ClientKeySigning, PersistentHam, PersistentHamConfig, ShutdownRx, Signing,
    install_shutdown_handler,
};
use serde::Serialize;
use serde::de::IgnoredAny;
use tokio::time::{MissedTickBehavior, interval, timeout};

const ROLE: &str = "probe";
const ZOME: &str = "probe";

#[derive(Debug, Serialize)]
struct Price {
    call_id: String,
    body: String,
}

/// How often an oracle writes, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// From the start of one round to the start of the next.
    pub(crate) every: Duration,
    /// How old a price may be. It bounds the asking and the writing, each.
    pub(crate) stale_after: Duration,
    /// How long the cell may take to become callable at the start.
    pub(crate) ready_within: Duration,
}

/// Writes until `shutdown`, and returns how many prices were written.
pub(crate) async fn run(
    ham: &PersistentHam,
    schedule: Schedule,
    mut price: impl AsyncFnMut() -> anyhow::Result<String>,
    mut shutdown: ShutdownRx,
) -> anyhow::Result<u64> {
    let ready =
        ham.wait_until_callable(ROLE, schedule.ready_within, |why| tracing::info!(%why, "not callable yet"));
    tokio::select! {
        biased;
        _ = shutdown.wait_for(|stop| *stop) => return Ok(0),
        ready = ready => ready.context("the cell cannot be called")?,
    };
    tracing::info!("ready");

    let options =
        CallOptions::default().with_policy(CallPolicy::IDEMPOTENT).with_deadline(schedule.stale_after);
    let mut rounds = interval(schedule.every);
    // After an outage one price is written, not one for each round that was missed.
    rounds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut written = 0;
    for round in 0_u64.. {
        tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => break,
            _ = rounds.tick() => {}
        }
        let body = match timeout(schedule.stale_after, price()).await {
            Ok(Ok(body)) => body,
            Ok(Err(error)) => {
                tracing::warn!(round, %error, "there is no price");
                continue;
            }
            Err(_) => {
                tracing::warn!(round, after = ?schedule.stale_after, "the price took too long");
                continue;
            }
        };
        let price = Price { call_id: format!("round-{round}"), body };
        match ham.call_zome_with::<_, IgnoredAny>(ROLE, ZOME, "create_item", &price, options).await {
            Ok(_) => {
                written += 1;
                tracing::info!(round, price = price.body, "written");
            }
            // Whether it ran does not matter here: the next price replaces it.
            Err(error) => {
                let outcome = error.outcome();
                tracing::warn!(round, ?outcome, "given up: {:#}", anyhow::Error::new(error));
            }
        }
    }
    Ok(written)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, app_id, keys, file] = arguments.as_slice() else {
        anyhow::bail!("usage: oracle ADMIN_PORT APP_ID KEY_FILE PRICE_FILE");
    };
    let shutdown = install_shutdown_handler();
    // With the key in a file, the next start finds its grant and writes no other.
    let signing = Signing::ClientKeys(ClientKeySigning::default().with_store(keys));
    let config =
        PersistentHamConfig::local(port.parse().context("ADMIN_PORT")?, app_id).with_signing(signing);
    let ham = PersistentHam::start(config)?;
    let schedule = Schedule {
        every: Duration::from_secs(10),
        stale_after: Duration::from_secs(30),
        ready_within: Duration::from_secs(60),
    };
    let price = async || Ok(tokio::fs::read_to_string(file).await?.trim().to_owned());
    let ended = run(&ham, schedule, price, shutdown).await;
    ham.close().await;
    tracing::info!(written = ended?, "stopped");
    Ok(())
}
