//! Who listens to what, and the fan-out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::routing::get;
use ham_session::{LossyReceiver, LossySender, lossy_queue};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::config::{FeedServerConfig, ServerConfigError};
use super::socket;
use super::websocket::Utf8Bytes;
use super::wire;

/// A server of chain feeds: a cheap handle. Its connections live as long as their sockets, or until
/// [`shutdown`](Self::shutdown).
#[derive(Clone, Debug)]
pub struct FeedServer {
    hub: Arc<Hub>,
}

#[derive(Debug)]
pub(super) struct Hub {
    pub(super) config: FeedServerConfig,
    pub(super) closing: CancellationToken,
    places: Arc<Semaphore>,
    /// How many places there are.
    seats: u32,
    next: AtomicU64,
    /// By chain, then by connection. Never held across an await; publishing reads, subscribing writes.
    chains: RwLock<HashMap<String, HashMap<u64, Subscriber>>>,
}

/// One connection's interest in one chain.
#[derive(Debug)]
struct Subscriber {
    queue: LossySender<Utf8Bytes>,
    all: bool,
    event_types: HashSet<String>,
}

/// One connection: its place, its queue, its subscriptions. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) hub: Arc<Hub>,
    number: u64,
    queue: LossySender<Utf8Bytes>,
    /// Chain and type of each subscription; no type is everything.
    subscriptions: HashSet<(String, Option<String>)>,
    _place: OwnedSemaphorePermit,
}

impl FeedServer {
    /// A server without connections.
    ///
    /// # Errors
    /// When a setting cannot work.
    pub fn new(config: FeedServerConfig) -> Result<Self, ServerConfigError> {
        config.check()?;
        // As many as can be waited for at once, which is what closing does.
        let seats = config.max_connections.get().min(Semaphore::MAX_PERMITS);
        let seats = u32::try_from(seats).unwrap_or(u32::MAX);
        let places = Arc::new(Semaphore::new(usize::try_from(seats).unwrap_or(Semaphore::MAX_PERMITS)));
        Ok(Self {
            hub: Arc::new(Hub {
                config,
                closing: CancellationToken::new(),
                places,
                seats,
                next: AtomicU64::new(0),
                chains: RwLock::default(),
            }),
        })
    }

    /// `GET /ws`, the feed, and `GET /ws/status`, for a server of its own or to be nested in another router.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/ws", get(socket::upgrade))
            .route("/ws/status", get(socket::status))
            .with_state(Arc::clone(&self.hub))
    }

    /// Tells the subscribers of the whole chain of a block; answers how many there are.
    pub fn publish_block(&self, chain_name: &str, data: &Value) -> usize {
        self.hub.publish(chain_name, None, || wire::block(chain_name, data))
    }

    /// Tells the subscribers of the chain, and those of the event's type (`event_type` of its data), of an event; answers
    /// how many there are.
    pub fn publish_event(&self, chain_name: &str, data: &Value) -> usize {
        let event_type = data.get("event_type").and_then(Value::as_str).unwrap_or_default();
        self.hub.publish(chain_name, Some(event_type), || wire::event(chain_name, data))
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.hub.connections()
    }

    /// Takes no more connections and closes those there are (code 1001); resolves when all are gone, which takes at most
    /// [`ping_timeout`](FeedServerConfig::ping_timeout).
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing back.
    pub async fn shutdown(&self) {
        self.hub.closing.cancel();
        // An error would mean a closed semaphore, which nobody closes.
        let _ = self.hub.places.acquire_many(self.hub.seats).await;
    }
}

impl Hub {
    /// A place for a connection; `None` when there is none.
    pub(super) fn seat(self: &Arc<Self>) -> Option<(Seat, LossyReceiver<Utf8Bytes>)> {
        if self.closing.is_cancelled() {
            return None;
        }
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let (sender, receiver) = lossy_queue(self.config.queue.get(), self.config.queue_bytes);
        let seat = Seat {
            hub: Arc::clone(self),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            queue: sender,
            subscriptions: HashSet::new(),
            _place: place,
        };
        Some((seat, receiver))
    }

    pub(super) fn connections(&self) -> usize {
        usize::try_from(self.seats).unwrap_or(usize::MAX).saturating_sub(self.places.available_permits())
    }

    /// Subscribers by chain, for the status.
    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        let chains = self.chains.read().unwrap_or_else(PoisonError::into_inner);
        chains.iter().map(|(name, subscribers)| (name.clone(), subscribers.len())).collect()
    }

    fn publish(&self, chain_name: &str, event_type: Option<&str>, text: impl FnOnce() -> String) -> usize {
        let chains = self.chains.read().unwrap_or_else(PoisonError::into_inner);
        let Some(subscribers) = chains.get(chain_name) else { return 0 };
        let text = Utf8Bytes::from(text());
        let mut reached = 0;
        for subscriber in subscribers.values() {
            if subscriber.all || event_type.is_some_and(|of| subscriber.event_types.contains(of)) {
                subscriber.queue.put(text.clone(), text.len());
                reached += 1;
            }
        }
        reached
    }
}

impl Seat {
    /// Queues something for this connection alone.
    pub(super) fn tell(&self, text: String) {
        let bytes = text.len();
        self.queue.put(text.into(), bytes);
    }

    /// Adds a subscription; an error is a text for the client.
    pub(super) fn subscribe(&mut self, chain_name: String, event_type: Option<String>) -> Result<(), String> {
        let longest = self.hub.config.max_name;
        if chain_name.len() > longest || event_type.as_ref().is_some_and(|name| name.len() > longest) {
            return Err(format!(
                "the name is too long: chain_name and event_type have at most {longest} bytes"
            ));
        }
        if !self.hub.config.knows(&chain_name) {
            return Err(format!("unknown chain: {chain_name}"));
        }
        let subscription = (chain_name, event_type);
        if self.subscriptions.contains(&subscription) {
            return Ok(());
        }
        let limit = self.hub.config.max_subscriptions.get();
        if self.subscriptions.len() >= limit {
            return Err(format!("too many subscriptions: {limit} are allowed"));
        }
        let (chain_name, event_type) = subscription.clone();
        let mut chains = self.hub.chains.write().unwrap_or_else(PoisonError::into_inner);
        let subscriber = chains.entry(chain_name).or_default().entry(self.number).or_insert_with(|| {
            Subscriber { queue: self.queue.clone(), all: false, event_types: HashSet::new() }
        });
        match event_type {
            Some(event_type) => drop(subscriber.event_types.insert(event_type)),
            None => subscriber.all = true,
        }
        drop(chains);
        self.subscriptions.insert(subscription);
        Ok(())
    }

    /// Takes all subscriptions of a chain back.
    pub(super) fn unsubscribe(&mut self, chain_name: &str) {
        self.subscriptions.retain(|(name, _)| name != chain_name);
        let mut chains = self.hub.chains.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(subscribers) = chains.get_mut(chain_name) {
            subscribers.remove(&self.number);
            if subscribers.is_empty() {
                chains.remove(chain_name);
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let chains: HashSet<String> = self.subscriptions.drain().map(|(chain_name, _)| chain_name).collect();
        for chain_name in chains {
            self.unsubscribe(&chain_name);
        }
    }
}
