//! The server: listeners, and everything that hangs on them.

mod connection;
mod listener;
mod outbox;
mod router;
mod server;

pub use server::Server;
