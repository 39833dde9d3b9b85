//! The server: listeners, and everything that hangs on them.

mod clients;
mod outbox;
mod router;
mod server;

pub use server::Server;
