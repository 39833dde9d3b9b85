//! A bridge: credits each deposit of another chain once, whatever dies on the way, the bridge itself included.
//!
//! ```sh
//! cargo run -p ham --example bridge -- ADMIN_PORT APP_ID DIRECTORY
//! ```
//!
//! Each line of `DIRECTORY/deposits` names a deposit. A credit is signed, written to the journal and only then sent. What a
//! crash leaves in the journal is settled at the next start, before anything new is credited. The bridge ends when all
//! deposits are done, with an error if one is left for a person.

mod journal;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use ham::{
    CallError, CallOptions, CallPolicy, ClientKeySigning, Effect, Fenced, PersistentHam, PersistentHamConfig,
    ShutdownRx, SignedCall, Signing, install_shutdown_handler,
};
use journal::Journal;
use serde::Deserialize;
use serde_json::json;

const ROLE: &str = "probe";
const ZOME: &str = "probe";
/// How long a credit may take, outages included. Its nonce lives a minute longer, so that it can be fenced afterwards.
const DEADLINE: Duration = Duration::from_secs(120);

/// What became of a deposit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Credited {
    /// Its credit is on the chain, once.
    Yes,
    /// It is not, and what was sent never runs: it can be credited again.
    No,
    /// It arrived and is not on the chain: it failed, or still runs. It stays in the journal.
    InDoubt,
}

pub(crate) struct Bridge {
    ham: PersistentHam,
    pub(crate) journal: Journal,
}

impl Bridge {
    /// Connects, and settles what a crash left. The key that signs is kept beside the journal: a fence needs the key of its call.
    pub(crate) async fn open(config: PersistentHamConfig, directory: &Path) -> anyhow::Result<Self> {
        let journal = Journal::open(directory)?;
        let keys = ClientKeySigning::default().with_store(directory.join("keys"));
        // The hook must not block. The journal already has the call, so it only tells somebody.
        let config = config.with_signing(Signing::ClientKeys(keys)).with_on_unknown(|lost| {
            tracing::warn!(call = ?lost.call, outcome = ?lost.outcome, error = %lost.error, "lost an answer");
        });
        let ham = PersistentHam::start(config)?;
        ham.wait_until_callable(ROLE, DEADLINE, |why| tracing::info!(%why, "waiting")).await?;
        let bridge = Self { ham, journal };
        for deposit in bridge.journal.deposits()? {
            if let Some(call) = bridge.journal.read(&deposit)? {
                let credited = bridge.settle(&deposit, &call).await?;
                tracing::warn!(deposit, ?credited, "settled what a crash left");
            }
        }
        Ok(bridge)
    }

    /// Credits a deposit, unless that is done already.
    pub(crate) async fn credit(&self, deposit: &str) -> anyhow::Result<Credited> {
        if let Some(call) = self.journal.read(deposit)? {
            let credited = self.settle(deposit, &call).await?;
            if credited != Credited::No {
                return Ok(credited);
            }
        }
        if self.is_on_chain(deposit).await? {
            return Ok(Credited::Yes);
        }
        let call = self.prepare(deposit).await?;
        self.send(deposit, &call).await
    }

    /// Signs the credit and writes it to the journal. From here on a crash loses nothing.
    pub(crate) async fn prepare(&self, deposit: &str) -> anyhow::Result<SignedCall> {
        let credit = json!({ "call_id": deposit, "body": "credited" });
        let call = self.ham.prepare(ROLE, ZOME, "create_item", credit, DEADLINE).await?;
        self.journal.write(deposit, &call)?;
        Ok(call)
    }

    /// Sends it. If the link dies, the same bytes go out on the next one; they run at most once.
    pub(crate) async fn send(&self, deposit: &str, call: &SignedCall) -> anyhow::Result<Credited> {
        let options = CallOptions::default().with_deadline(DEADLINE);
        let Err(error) = self.ham.send_signed(call, options).await else {
            return self.settled(deposit, Credited::Yes);
        };
        let (outcome, effect) = (error.outcome(), error.effect());
        tracing::warn!(deposit, ?outcome, "not answered well: {:#}", anyhow::Error::new(error));
        match effect {
            // It did not run, or its answer proves that it wrote nothing.
            Effect::Nothing => self.settled(deposit, Credited::No),
            Effect::Unknown => self.settle(deposit, call).await,
        }
    }

    /// Settles a credit that was lost: a fence proves that it never ran, or else the chain tells.
    async fn settle(&self, deposit: &str, call: &SignedCall) -> anyhow::Result<Credited> {
        call.begin_fence();
        self.journal.write(deposit, call)?;
        match self.ham.fence(call, Some(DEADLINE)).await? {
            Fenced::NeverRan => self.settled(deposit, Credited::No),
            _ if self.is_on_chain(deposit).await? => self.settled(deposit, Credited::Yes),
            _ => Ok(Credited::InDoubt),
        }
    }

    fn settled(&self, deposit: &str, credited: Credited) -> anyhow::Result<Credited> {
        self.journal.remove(deposit)?;
        Ok(credited)
    }

    async fn is_on_chain(&self, deposit: &str) -> Result<bool, CallError> {
        #[derive(Deserialize)]
        struct Item {
            call_id: String,
        }
        let options = CallOptions::default().with_read_only().with_policy(CallPolicy::IDEMPOTENT);
        let items: Vec<Item> = self.ham.call_zome_with(ROLE, ZOME, "list_items", (), options).await?;
        Ok(items.iter().any(|item| item.call_id == deposit))
    }
}

/// Credits the deposits that `directory` names, until they are done or the process is asked to stop.
pub(crate) async fn run(
    config: PersistentHamConfig,
    directory: &Path,
    mut shutdown: ShutdownRx,
) -> anyhow::Result<()> {
    let bridge = tokio::select! {
        biased;
        _ = shutdown.wait_for(|stop| *stop) => return Ok(()),
        bridge = Bridge::open(config, directory) => bridge?,
    };
    let mut left = Vec::new();
    for deposit in fs::read_to_string(directory.join("deposits"))?.lines() {
        // Asked between deposits only: the one that is under way ends within its deadlines.
        if *shutdown.borrow() {
            break;
        }
        match bridge.credit(deposit).await {
            Ok(Credited::Yes) => tracing::info!(deposit, "credited"),
            Ok(credited) => {
                tracing::error!(deposit, ?credited, "left for a person");
                left.push(deposit.to_owned());
            }
            Err(error) => {
                tracing::error!(deposit, "not credited now: {error:#}");
                left.push(deposit.to_owned());
            }
        }
    }
    bridge.ham.close().await;
    let in_doubt = bridge.journal.deposits()?;
    anyhow::ensure!(in_doubt.is_empty(), "left in the journal, see the chain: {}", in_doubt.join(", "));
    anyhow::ensure!(left.is_empty(), "not credited: {}", left.join(", "));
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, app_id, directory] = arguments.as_slice() else {
        anyhow::bail!("usage: bridge ADMIN_PORT APP_ID DIRECTORY");
    };
    let config = PersistentHamConfig::local(port.parse().context("ADMIN_PORT")?, app_id);
    run(config, Path::new(directory), install_shutdown_handler()).await
}
