//! What can go wrong, by operation, and the two questions every error answers.

mod accept;
mod config;
mod dial;
mod end;
mod request;

use std::time::Duration;

pub use accept::AcceptError;
pub use config::ConfigError;
pub use dial::{DialError, DialPhase, HandshakeError, REFUSED_COOL_DOWN};
pub use end::LinkEnd;
pub use request::{OVERLOAD_COOL_DOWN, Phase, RequestError, TIME_OUT_COOL_DOWN};

/// Whether the peer can have acted on the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// No byte of the frame can have left this process: the peer knows nothing of it.
    NotSent,
    /// The frame, or part of it, was handed to the socket and no answer came.
    Unknown,
    /// The peer answered.
    Answered,
}

/// What helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recovery {
    /// A new link.
    Reconnect,
    /// The same link, later.
    CoolDown {
        /// How long to wait.
        after: Duration,
    },
    /// Another request or another configuration: the same one fails the same way.
    FixCaller,
    /// Nothing that this process can do helps.
    GiveUp,
}
