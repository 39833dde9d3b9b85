//! The link to an app: how it is made, what it is doing, and what it brings.

mod connector;
mod known_app;
mod signal;
mod start;
mod state;

pub(crate) use connector::ConductorConnector;
pub(crate) use known_app::KnownApp;
pub(crate) use signal::SignalHub;
pub use signal::{DEFAULT_SIGNAL_BYTES, DEFAULT_SIGNAL_CAPACITY, Signal, SignalItem, Signals};
pub(crate) use start::Parts;
pub(crate) use state::CurrentLink;
pub use state::{HamState, StateWatch};
