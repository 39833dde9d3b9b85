//! A watchtower: tells of every item on the chain once, by signals, and by reading where a signal may be missing.
//!
//! ```sh
//! cargo run -p ham --example watchtower -- ADMIN_PORT APP_ID KEY_FILE
//! ```
//!
//! It only reads, and its calls are declared so: they wait for no write, and hold none up. It ends on SIGINT or SIGTERM.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use ham::{
    CallError, CallOptions, CallPolicy, ClientKeySigning, HamState, PersistentHam, PersistentHamConfig,
    ShutdownRx, Signal, SignalItem, Signing, install_shutdown_handler,
};
use serde::Deserialize;
use tokio::time::interval;

const ROLE: &str = "probe";
const ZOME: &str = "probe";
/// How long one reading may take, an outage included.
const DEADLINE: Duration = Duration::from_secs(60);
/// When a reading that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize)]
struct Item {
    call_id: String,
}

/// A signal of the zome.
#[derive(Debug, Deserialize)]
struct Told {
    r#type: String,
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Debug, Deserialize)]
struct Action {
    call_id: Option<String>,
}

/// Watches until `shutdown`, and gives each item to `report` once. The chain is also read `every` so often, because a signal that is
/// lost inside the conductor leaves no gap.
pub(crate) async fn run(
    ham: &PersistentHam,
    every: Duration,
    mut report: impl FnMut(&str),
    mut shutdown: ShutdownRx,
) {
    // Subscribed before the first reading, so that nothing falls between the two.
    let (mut signals, mut states) = (ham.signals(), ham.state());
    let mut known = BTreeSet::new();
    let mut rounds = interval(every); // the first one is at once
    loop {
        let found = tokio::select! {
            biased;
            () = stopped(&mut shutdown) => break,
            Some(state) = states.changed() => {
                tell(&state);
                continue;
            }
            item = signals.next() => match item {
                Some(SignalItem::Signal(signal)) => items_of(&signal),
                Some(SignalItem::Gap { cause, since }) => {
                    tracing::warn!(?cause, since = ?since.elapsed(), "signals may be missing; reading");
                    rounds.reset_immediately();
                    continue;
                }
                Some(_) => continue,
                None => break, // the connection was closed
            },
            _ = rounds.tick() => tokio::select! {
                biased;
                () = stopped(&mut shutdown) => break,
                read = read(ham) => read.unwrap_or_else(|error| {
                    tracing::warn!(%error, recovery = ?error.recovery(), "cannot read the chain");
                    rounds.reset_after(AGAIN);
                    Vec::new()
                }),
            },
        };
        for item in found {
            if known.insert(item.clone()) {
                report(&item);
            }
        }
    }
}

async fn stopped(shutdown: &mut ShutdownRx) {
    // The answer borrows the channel, so it must not outlive this line.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

fn tell(state: &HamState) {
    match state {
        HamState::Live { degraded: None, .. } => tracing::info!(%state),
        HamState::Live { degraded: Some(_), .. } | HamState::BackingOff { .. } => tracing::warn!(%state),
        _ => tracing::debug!(%state),
    }
}

/// The items that a signal tells of. One that is not understood tells of none.
fn items_of(signal: &Signal) -> Vec<String> {
    let Signal::App { signal, .. } = signal else { return Vec::new() };
    match signal.clone().into_inner().decode::<Told>() {
        Ok(told) if told.r#type == "committed" => {
            told.actions.into_iter().filter_map(|a| a.call_id).collect()
        }
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::warn!(%error, "a signal of another shape");
            Vec::new()
        }
    }
}

/// The items on the chain. Asking twice does no harm, so a reading survives a link that dies under it.
async fn read(ham: &PersistentHam) -> Result<Vec<String>, CallError> {
    let options =
        CallOptions::default().with_read_only().with_policy(CallPolicy::IDEMPOTENT).with_deadline(DEADLINE);
    let items: Vec<Item> = ham.call_zome_with(ROLE, ZOME, "list_items", (), options).await?;
    Ok(items.into_iter().map(|item| item.call_id).collect())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, app_id, keys] = arguments.as_slice() else {
        anyhow::bail!("usage: watchtower ADMIN_PORT APP_ID KEY_FILE");
    };
    let shutdown = install_shutdown_handler();
    // With the key in a file, the next start finds its grant and writes no other.
    let signing = Signing::ClientKeys(ClientKeySigning::default().with_store(keys));
    let config =
        PersistentHamConfig::local(port.parse().context("ADMIN_PORT")?, app_id).with_signing(signing);
    let ham = PersistentHam::start(config)?;
    run(&ham, Duration::from_secs(300), |item| tracing::info!(item, "on the chain"), shutdown).await;
    ham.close().await;
    Ok(())
}
