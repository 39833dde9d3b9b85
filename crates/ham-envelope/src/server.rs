//! Answers envelopes, without a web framework.

mod config;
mod connection;
mod listener;

pub use config::{DEFAULT_MAX_CONNECTIONS, ServerConfig};
pub use connection::{serve_stream, serve_upgraded};
pub use listener::{MAX_REFUSALS, serve};
