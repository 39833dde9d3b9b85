#![doc = include_str!("../README.md")]

mod client;
mod config;
mod data;
mod error;
mod events;
mod inbox;
mod item;
mod message;
mod protocol;
mod resume;
#[cfg(feature = "server")]
pub mod server;
mod since;
mod subscription;
mod topic;

pub use client::FeedClient;
pub use config::{
    ConfigError, DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT, DEFAULT_QUEUE,
    DEFAULT_QUEUE_BYTES, FeedConfig,
};
pub use data::Data;
pub use error::{RequestError, SubscribeError};
pub use ham_session::GapCause;
pub use item::FeedItem;
pub use message::{Dialect, Message, MessageError, Request, decode_message};
pub use protocol::DETECT_AFTER;
pub use since::Since;
pub use subscription::Subscription;
pub use topic::Topic;
