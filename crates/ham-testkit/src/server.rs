//! Loopback WebSocket servers that do exactly what a test tells them.
//!
//! A [`Server`] listens on a port of its own and treats its n-th connection by the n-th [`Behaviour`] of its list (the last one
//! repeats): refuse the upgrade once, then echo; stay silent; hang up midway. With [`Behaviour::Driven`] the test itself holds the
//! other end, as a [`Peer`].
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use ham_testkit::server::{Behaviour, Server};
//!
//! let server = Server::start([Behaviour::RefuseUpgrade { status: 503 }, Behaviour::Echo]).await?;
//! // … connect twice to server.url() …
//! server.stop().await;
//! # Ok(()) }
//! ```
//!
//! Everything here uses real sockets: do not pause tokio's clock around it.

mod behaviour;
mod connection;
mod event;
mod message;
mod peer;
mod serve;
mod upgrade;

pub use behaviour::{Answering, Behaviour};
pub use event::ServerEvent;
pub use message::Message;
pub use peer::{Peer, PeerError};
pub use serve::{DRIVEN_QUEUE, Server};
pub use upgrade::Upgrade;
