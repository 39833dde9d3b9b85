//! The server of the documented dialect: an axum router and a hub that fans out.
//!
//! ```rust,no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::serve::ListenerExt as _;
//! use ham_feed::server::{FeedServer, FeedServerConfig};
//! use serde_json::json;
//!
//! let feed = FeedServer::new(FeedServerConfig::default())?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:2661").await?;
//! let publishing = feed.clone();
//! let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
//! let serving = axum::serve(listener, feed.router());
//! publishing.publish_block("supply_chain", &json!({ "block_hash": "ab12", "height": 10 }));
//! serving.await?;
//! # Ok(()) }
//! ```
//!
//! The program owns the listener, so the program sets `TCP_NODELAY`, as above: without it a message can wait 40 ms for the client to
//! acknowledge the previous one.
//!
//! `GET /ws` is the feed, `GET /ws/status` counts its connections. A page in a browser is admitted from this machine only, unless
//! [its origin is allowed](FeedServerConfig::with_origins). A message is serialised once, whoever listens, and everything that waits
//! for a subscriber is written together. Every subscriber has a queue bounded in messages and bytes: one that is slower than the feed
//! is told how many messages it lost, in their place, and delays nobody. Two subscriptions of one connection that cover the same
//! event deliver it once.

mod admission;
mod config;
mod config_error;
mod feed_server;
mod goodbye;
mod guest;
mod history;
mod hub;
mod interest;
mod limits;
mod news;
mod origins;
mod position;
mod reader;
mod registry;
mod socket;
mod subscription;
mod table;
mod websocket;
mod wire;

pub use config::FeedServerConfig;
pub use config_error::ServerConfigError;
pub use feed_server::{FeedServer, RefusedSubscription};
pub use goodbye::Goodbye;
pub use guest::Guest;
pub use limits::{
    DEFAULT_HISTORY, DEFAULT_HISTORY_BYTES, DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_NAME,
    DEFAULT_MAX_REQUEST_SIZE, DEFAULT_MAX_SUBSCRIPTIONS, DEFAULT_SERVER_PING_INTERVAL,
    DEFAULT_SERVER_PING_TIMEOUT, DEFAULT_SUBSCRIBER_QUEUE, DEFAULT_SUBSCRIBER_QUEUE_BYTES,
};
pub use news::{News, NewsKind};
pub use position::Position;
pub use subscription::Subscription;
pub use wire::{ClientRequest, decode_request};
