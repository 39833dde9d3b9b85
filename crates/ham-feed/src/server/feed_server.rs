//! The server: a cheap handle.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;
use serde_json::value::RawValue;

use super::config::FeedServerConfig;
use super::config_error::ServerConfigError;
use super::goodbye::Goodbye;
use super::guest::Guest;
use super::hub::Hub;
use super::news::{Draft, NewsKind};
use super::position::Position;
use super::socket;
use super::subscription::Subscription;
use crate::since::Since;
use crate::topic::Topic;

/// A server of chain feeds: a cheap handle. Its connections and subscriptions live until they are dropped, or until
/// [`shutdown`](Self::shutdown).
#[derive(Clone, Debug)]
pub struct FeedServer {
    hub: Arc<Hub>,
}

/// Why there is no subscription.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedSubscription {
    /// The server is stopping.
    #[error("the server is stopping")]
    Closing,
    /// There are already as many connections as allowed, in total or for this guest.
    #[error("there is no room for another connection")]
    NoPlace,
    /// A topic is refused.
    #[error("{why}")]
    Topic {
        /// In words for the client.
        why: String,
    },
}

impl FeedServer {
    /// A server without connections.
    ///
    /// # Errors
    /// When a setting cannot work.
    pub fn new(config: FeedServerConfig) -> Result<Self, ServerConfigError> {
        Ok(Self { hub: Arc::new(Hub::new(config)?) })
    }

    /// `GET /ws`, the feed, and `GET /ws/status`, for a server of its own or to be nested in another router. The configuration says who is admitted.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/ws", get(socket::admit))
            .route("/ws/status", get(socket::status))
            .with_state(Arc::clone(&self.hub))
    }

    /// `GET /ws` for a client that another part of the program has already admitted: neither token nor origin is required. 503 if
    /// there is no place, 426 or 400 if the request is not for a WebSocket.
    #[must_use]
    pub fn upgrade(&self, guest: Guest, request: Request) -> Response {
        socket::upgrade(&self.hub, guest, request)
    }

    /// A subscription without a WebSocket, and as yet without topics: [`Subscription::add_all`] adds some.
    ///
    /// # Errors
    /// [`RefusedSubscription`]: there is no place for it.
    pub fn subscription(&self, guest: Guest) -> Result<Subscription, RefusedSubscription> {
        Subscription::new(Arc::clone(&self.hub), guest).ok_or_else(|| {
            let closing = self.hub.registry().is_closed();
            if closing { RefusedSubscription::Closing } else { RefusedSubscription::NoPlace }
        })
    }

    /// Subscribes without a WebSocket. All topics begin between the same two messages, `since` applies to each of them, and what is
    /// repeated comes in the order of the ids.
    ///
    /// # Errors
    /// [`RefusedSubscription`].
    pub fn subscribe(
        &self,
        guest: Guest,
        topics: &[Topic],
        since: &Since,
    ) -> Result<Subscription, RefusedSubscription> {
        let mut subscription = self.subscription(guest)?;
        subscription.add_all(topics, since).map_err(|why| RefusedSubscription::Topic { why })?;
        Ok(subscription)
    }

    /// Sends a block to the subscribers of the whole chain; returns how many there are.
    pub fn publish_block(&self, chain_name: &str, data: &Value) -> usize {
        self.publish(Draft::block(chain_name, data))
    }

    /// Sends an event to the subscribers of the chain, and to those of the event's type (`event_type` in its data); returns how many there are.
    pub fn publish_event(&self, chain_name: &str, data: &Value) -> usize {
        self.publish(Draft::event(chain_name, data))
    }

    /// As [`publish_block`](Self::publish_block), with the block as it was written: none of its numbers is changed.
    pub fn publish_raw_block(&self, chain_name: &str, data: &RawValue) -> usize {
        self.publish(Draft::raw(NewsKind::Block, chain_name, None, data))
    }

    /// As [`publish_event`](Self::publish_event), with the event as it was written: none of its numbers is changed. Its type is what
    /// its `event_type` says.
    pub fn publish_raw_event(&self, chain_name: &str, data: &RawValue) -> usize {
        let event_type = crate::data::event_type(data.get()).map(Into::into);
        self.publish(Draft::raw(NewsKind::Event, chain_name, event_type, data))
    }

    /// Tells all subscribers of a chain that something may be missing here: why, how much if that is known, and how long ago it
    /// began. Returns how many there are.
    pub fn publish_gap(&self, chain_name: &str, cause: &str, missed: Option<u64>, ago: Duration) -> usize {
        let since = self.hub.now().saturating_sub(ago.as_secs());
        self.publish(Draft::gap(chain_name, cause, missed, since))
    }

    /// What `GET /ws/status` answers, with the names of the chains that this guest may follow; without a guest, with no names.
    #[must_use]
    pub fn status(&self, guest: Option<&Guest>) -> Value {
        socket::status_json(&self.hub, guest)
    }

    /// The id of the newest message.
    #[must_use]
    pub fn newest(&self) -> Position {
        self.hub.table().newest()
    }

    /// How many connections there are, subscriptions without one included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.hub.connections()
    }

    /// How many messages subscribers lost because they were too slow, as far as they have been told.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.hub.missed.load(Ordering::Relaxed)
    }

    /// Ends the connections and subscriptions of guests for whose identity this returns true; returns how many.
    pub fn close_where(&self, whose: impl Fn(&str) -> bool, goodbye: Goodbye) -> usize {
        self.hub.registry().end(whose, goodbye)
    }

    /// Accepts no more connections and closes the existing ones (code 1001); resolves when all are gone, which takes at most
    /// [`ping_timeout`](FeedServerConfig::ping_timeout), except for [`Subscription`]s that nobody drops.
    ///
    /// # Cancel safety
    /// Dropping the future undoes nothing.
    pub async fn shutdown(&self) {
        self.shutdown_saying(Goodbye::Stops).await;
    }

    /// As [`shutdown`](Self::shutdown), for a reason that the caller gives.
    ///
    /// # Cancel safety
    /// Dropping the future undoes nothing.
    pub async fn shutdown_saying(&self, goodbye: Goodbye) {
        self.hub.shutdown(goodbye).await;
    }

    fn publish(&self, draft: Draft) -> usize {
        self.hub.table().publish(draft)
    }
}
