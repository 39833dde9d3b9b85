//! A TCP fault proxy that knows where WebSocket frames begin and end.
//!
//! It sits between a client and a server, passes every byte on unchanged, and breaks the connection exactly where it is told to:
//! before, inside or after the n-th frame of either direction. What to break comes from a list of [`Fault`]s or from a
//! [seed](Faults::seeded); [`Proxy::events`] reports what happened.
//!
//! ```no_run
//! # async fn example(server: std::net::SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
//! use ham_testkit::chaos::{Action, Boundary, Direction, Event, Fault, Proxy};
//!
//! // The first connection dies right after the first request got through; the second works.
//! let fault = Fault::on(0, Direction::ToServer, 0, Boundary::After, Action::Cut);
//! let proxy = Proxy::start_with(server, [fault]).await?;
//! // … connect to proxy.address() …
//! proxy.events().wait_for(|event| matches!(event, Event::Ended { connection: 0, .. })).await?;
//! # Ok(()) }
//! ```
//!
//! A frame is counted when it carries data (text, binary, continuation); pings, pongs and close frames pass uncounted, so
//! a keep-alive does not move a fault. Bytes that are not WebSocket (no upgrade, TLS) pass as an opaque stream: only the
//! commands of [`Proxy`] affect them.
//!
//! Everything here uses real sockets: do not pause tokio's clock around it.

mod connection;
mod event;
mod fault;
mod frame;
mod proxy;
mod pump;
mod shared;

pub use connection::UPSTREAM_TIMEOUT;
pub use event::{Counters, EndCause, Event};
pub use fault::{Action, Boundary, CHAOS_SEED_VARIABLE, Direction, Fault, Faults, SeededFaults};
pub use frame::FrameHeader;
pub use proxy::{MAX_CONNECTIONS, Proxy};
