//! A running gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ham_web::Listener;
use holochain_zome_types::prelude::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::clients::Clients;
use super::{outbox, router};
use crate::apps::Apps;
use crate::check::faults;
use crate::config::{Config, Fault, Nats};
use crate::error::StartError;
use crate::feed::Feed;
use crate::gateway::Gateway;
use crate::life::Life;
use crate::live::Live;
use crate::{metrics, state_directory};

/// A running gateway. Dropping it cuts off everything at once; [`stop`](Self::stop) lets the requests under way end.
#[derive(Debug)]
pub struct Server {
    gateway: Arc<Gateway>,
    address: SocketAddr,
    operations: Option<SocketAddr>,
    listeners: JoinSet<()>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Everything that is wrong with a configuration and the files that it names, including faults that do not prevent
    /// a start, such as an expired key. Connects to nothing.
    #[must_use]
    pub fn check(config: &Config) -> Vec<Fault> {
        faults(config, Timestamp::now())
    }

    /// Starts a gateway: reads keys and certificate, listens, and begins to connect to the apps. It does not wait for a
    /// conductor: until there is one, calls are answered that they did not run.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running then.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing running.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let live = Live::of(config)?;
        let config = live.config.clone();
        live.keys.let_somebody_call(&config).map_err(StartError::Keys)?;
        if let Some(directory) = &config.state_dir {
            state_directory::make(directory)?;
        }
        let clients = listen(config.listen).await?;
        let operations = match config.operations_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let address = local(&clients, config.listen)?;
        let operations_address = match (&operations, config.operations_listen) {
            (Some(socket), Some(asked)) => Some(local(socket, asked)?),
            _ => None,
        };
        metrics::install();
        let mut tasks = JoinSet::new();
        tasks.spawn(metrics::upkeep());
        let opened = outbox::open(&config)?;
        let feed = Arc::new(Feed::new(&config)?);
        let apps = Apps::start(&config, &feed, &mut tasks)?;
        let outbox = opened.map(|opened| outbox::start(&config, opened, &apps));
        let gateway = Arc::new(Gateway::new(live, address, apps, feed, outbox));
        tasks.spawn(follow_keys(Arc::clone(&gateway)));
        let mut listeners = JoinSet::new();
        let mut run = |socket, router, places, secure| {
            let clients = Clients { gateway: Arc::clone(&gateway), secure };
            listeners.spawn(Listener::new(socket, router, Arc::new(clients), places).run());
        };
        run(clients, router::clients(&gateway), config.limits.connections, config.tls.is_some());
        if let Some(socket) = operations {
            run(socket, router::operations(&gateway), OPERATIONS_CONNECTIONS, false);
        }
        #[cfg(feature = "nats")]
        if gateway.nats.is_some() {
            listeners.spawn(crate::nats::run(Arc::clone(&gateway), router::within(&gateway)));
        }
        tracing::info!(event = "gateway.listening", %address, "the gateway listens");
        Ok(Self { gateway, address, operations: operations_address, listeners, tasks })
    }

    /// Where clients are served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health, metrics and status are served without a key.
    #[must_use]
    pub fn operations_address(&self) -> Option<SocketAddr> {
        self.operations
    }

    /// Resolves once the calls of all apps can run; an app that goes away meanwhile is not looked at again.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn ready(&self) {
        self.gateway.apps.ready().await;
    }

    /// Whether it works as it should: nothing has been waiting for the disk for longer than ten seconds. A conductor
    /// that is away, or a disk that answers with errors, does not matter here: calls that need neither continue.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.gateway.outbox.as_ref().is_none_or(|outbox| !outbox.hangs(HANGS_AFTER))
    }

    /// Replaces the configuration in use: keys, functions, origins, hosts, limits, the certificate. Settings that only
    /// a restart can change, such as addresses and apps, stay as they are; the names of those that differ are returned.
    ///
    /// # Errors
    /// As [`start`](Self::start); then nothing has changed.
    pub fn reload(&self, config: Config) -> Result<Vec<&'static str>, StartError> {
        let before = self.gateway.live();
        let held = before.config.clone();
        let live = Live::of(config)?;
        let new = &live.config;
        let differing = [
            ("listen", held.listen != new.listen),
            ("operations_listen", held.operations_listen != new.operations_listen),
            ("state_dir", held.state_dir != new.state_dir),
            ("conductor", held.conductor != new.conductor),
            ("app", held.app != new.app),
            ("tls", held.tls.is_some() != new.tls.is_some()),
            ("limits.connections", held.limits.connections != new.limits.connections),
            ("outbox", held.outbox != new.outbox),
            ("feed", held.feed != new.feed),
            ("compat.hc_http_gw", held.compat.hc_http_gw != new.compat.hc_http_gw),
            ("nats", differs_beyond_calls_as(&held.nats, &new.nats)),
        ];
        let differing = differing.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
        let changed = before.keys.changed(&live.keys);
        drop(before);
        self.gateway.replace(live);
        self.gateway.feed.revoke(|id| changed.contains(id));
        Ok(differing)
    }

    /// Stops it: first it is not ready any more, for as long as the limits say; then it takes no new calls, and those
    /// under way have the drain's time to end; then sockets, links and files are closed.
    ///
    /// # Cancel safety
    /// Dropping the future cuts off whatever is left.
    pub async fn stop(mut self) {
        let limits = self.gateway.live().config.limits.clone();
        self.gateway.go_on(Life::Leaving);
        tokio::time::sleep_until(Instant::now() + limits.drain_delay).await;
        self.gateway.go_on(Life::Draining);
        let ended = async {
            // Subscriptions have no end of their own.
            self.gateway.feed.close().await;
            while self.listeners.join_next().await.is_some() {}
        };
        let drained = async {
            if let Some(outbox) = &self.gateway.outbox {
                outbox.drain(limits.drain).await;
            }
        };
        // The outbox drains while the sockets are still open, so the ends of its calls are told over them.
        let (ended, ()) = tokio::join!(tokio::time::timeout(limits.drain + TOLD, ended), drained);
        if ended.is_err() {
            tracing::warn!(event = "gateway.cut", "calls that took longer than the drain time were cut off");
        }
        self.gateway.go_on(Life::Stopped);
        while self.listeners.join_next().await.is_some() {}
        // They share the gateway: once they are gone, its files are closed for the next one.
        self.tasks.shutdown().await;
        self.gateway.apps.close().await;
    }
}

/// Whose key calls without one use is looked up for each call; the rest belongs to the connection.
fn differs_beyond_calls_as(held: &Nats, new: &Nats) -> bool {
    let same_caller = Nats { calls_as: held.calls_as.clone(), ..new.clone() };
    *held != same_caller
}

/// Ends the subscriptions of expired keys.
async fn follow_keys(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep_until(Instant::now() + LOOK_AT_KEYS).await;
        let live = gateway.live();
        let expired = live.keys.expired(Timestamp::now());
        drop(live);
        gateway.feed.revoke(|id| expired.contains(id));
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

fn local(socket: &TcpListener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    socket.local_addr().map_err(|source| StartError::Listen { address, source })
}

/// How late an expired key may lose its subscriptions.
const LOOK_AT_KEYS: Duration = Duration::from_secs(10);
/// How long it takes to tell waiting callers how their calls ended when the drain did.
const TOLD: Duration = Duration::from_millis(250);
/// Longer than a transaction takes on a working disk.
const HANGS_AFTER: Duration = Duration::from_secs(10);
/// For a few probes and scrapers.
const OPERATIONS_CONNECTIONS: usize = 64;
