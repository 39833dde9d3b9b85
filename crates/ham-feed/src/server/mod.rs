//! The server of the documented dialect: an axum router and a hub that fans out.
//!
//! ```rust,no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use ham_feed::server::{FeedServer, FeedServerConfig};
//! use serde_json::json;
//!
//! let feed = FeedServer::new(FeedServerConfig::default())?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:2661").await?;
//! let publishing = feed.clone();
//! let serving = axum::serve(listener, feed.router());
//! publishing.publish_block("supply_chain", &json!({ "block_hash": "ab12", "height": 10 }));
//! serving.await?;
//! # Ok(()) }
//! ```
//!
//! `GET /ws` is the feed, `GET /ws/status` counts its connections. A message is serialised once, whoever listens. Every
//! subscriber has a bounded queue: one that is slower than the feed is told how many messages it lost, in their place, and
//! delays nobody. Two subscriptions of one connection that cover the same event deliver it once.

mod config;
mod hub;
mod socket;
mod wire;

pub use config::{
    DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_REQUEST_SIZE, DEFAULT_MAX_SUBSCRIPTIONS,
    DEFAULT_SERVER_PING_INTERVAL, DEFAULT_SERVER_PING_TIMEOUT, DEFAULT_SUBSCRIBER_QUEUE, FeedServerConfig,
    ServerConfigError,
};
pub use hub::FeedServer;
pub use wire::{ClientRequest, decode_request};
