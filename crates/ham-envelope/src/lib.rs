#![doc = include_str!("../README.md")]

mod bus;
mod client;
mod config;
mod envelope;
mod error;
mod events;
mod handler;
mod inbox;
mod protocol;
mod router;
mod run;
mod shared;
mod stamp;

pub use bus::{ConnectEvent, Events};
pub use client::Client;
pub use config::{
    Config, ConfigError, DEFAULT_EVENT_CAPACITY, DEFAULT_HANDLER_QUEUE, DEFAULT_HANDLER_QUEUE_BYTES,
    DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_MAX_RECONNECT_DELAY, DEFAULT_MIN_RECONNECT_DELAY,
    DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT,
};
pub use envelope::{DecodeError, Envelope, PayloadError};
pub use error::{RequestError, RunError};
pub use handler::{Handler, Incoming, Replier};
pub use router::{DEFAULT_ROUTER_CONCURRENCY, ERROR_KIND, Router};
