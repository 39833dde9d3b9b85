//! The server: listeners, and everything that hangs on them.

mod connection;
mod listener;
mod router;
mod server;

pub use server::Server;
