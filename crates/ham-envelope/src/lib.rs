#![doc = include_str!("../README.md")]

mod bus;
mod client;
mod config;
mod envelope;
mod error;
mod events;
mod handler;
mod handling;
mod inbox;
mod protocol;
mod queue;
mod router;
mod run;
mod server;
mod shared;
mod stamp;

pub use bus::{ConnectEvent, Events};
pub use client::Client;
pub use config::{
    Config, ConfigError, DEFAULT_EVENT_CAPACITY, DEFAULT_HANDLER_QUEUE, DEFAULT_HANDLER_QUEUE_BYTES,
    DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT, HandlerQueue, WhenFull,
};
pub use envelope::{DecodeError, Envelope, PayloadError};
pub use error::{RequestError, RunError, ServeError};
pub use handler::{Handler, Incoming, Replier};
pub use router::{DEFAULT_ROUTER_CONCURRENCY, DEFAULT_ROUTER_PATIENCE, ERROR_KIND, OVERLOADED, Router};
pub use server::{DEFAULT_MAX_CONNECTIONS, MAX_REFUSALS, ServerConfig, serve, serve_stream, serve_upgraded};
