#![doc = include_str!("../README.md")]

mod accept;
mod answer;
mod budget;
mod clock;
mod config;
mod connector;
mod dial;
mod endpoint;
mod error;
mod events;
mod frame;
mod gap;
mod gate;
mod inbox;
mod link;
mod live;
mod liveness;
mod nesting;
mod network;
mod pending;
mod protocol;
mod pump;
mod queue;
mod shared;
mod shown;
mod stall;
mod target;
mod tls;
mod token;
mod transport;
mod wait;

pub use accept::{accept, accept_upgraded};
pub use config::{
    DEFAULT_CLOSE_TIMEOUT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_DEGRADED_AFTER, DEFAULT_DRAIN_TIMEOUT,
    DEFAULT_LEAST_RATE, DEFAULT_MAX_FRAME_SIZE, DEFAULT_MAX_IN_FLIGHT, DEFAULT_MAX_MESSAGE_SIZE,
    DEFAULT_MAX_WAITING, DEFAULT_MAX_WAITING_BYTES, DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT,
    DEFAULT_STUCK_TIMEOUT, DEFAULT_WRITE_COALESCING, SessionConfig,
};
pub use connector::WebSocketConnector;
pub use dial::dial;
pub use endpoint::{DEFAULT_MAX_RECONNECT_DELAY, DEFAULT_MIN_RECONNECT_DELAY, Endpoint, FirstDial};
pub use error::{
    AcceptError, ConfigError, Delivery, DialError, DialPhase, HandshakeError, LinkEnd, OVERLOAD_COOL_DOWN,
    Phase, REFUSED_COOL_DOWN, Recovery, RequestError, TIME_OUT_COOL_DOWN,
};
pub use frame::Frame;
pub use gap::{Ended, GapCause};
pub use gate::{DEFAULT_MAX_HEAD, Gate};
pub use inbox::{Inbox, Incoming, Room};
pub use link::{CLOSE_GRACE, Link};
pub use liveness::Health;
pub use nesting::{MAX_NESTING, nests_within};
pub use network::{Io, Network, NetworkFuture, SystemNetwork};
pub use protocol::{Decoded, Keepalive, Protocol};
pub use queue::{LossyReceiver, LossySender, Received, lossy_queue};
pub use shown::{masked, masked_path, shown_url, without_quoted};
pub use target::{Target, TargetError};
pub use tls::{TlsConfig, TlsError};
pub use token::{TokenPlace, TokenSource};
pub use transport::HandshakeIo;
pub use wait::{NoLink, live_link};
