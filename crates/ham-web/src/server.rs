//! HTTP/1.1 over sockets, within bounds. On `hyper` itself: `axum::serve` has no time-outs, and `axum-server` brings
//! HTTP/2 and has no bounds.

mod bodies;
mod bounds;
mod connection;
mod listener;
mod placed;
mod service;

pub use bodies::{Bodies, BodyError, Received, Room};
pub use bounds::Bounds;
pub use connection::Peer;
pub use listener::Listener;
pub use service::Service;
