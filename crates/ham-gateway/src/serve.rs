//! The server: its listeners, and everything that depends on them.

mod clients;
mod outbox;
mod router;
mod server;

pub use server::Server;
