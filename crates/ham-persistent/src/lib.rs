#![doc = include_str!("../README.md")]

mod backoff;
mod builder;
mod bus;
mod clock;
mod command;
mod config;
mod connector;
mod driver;
mod error;
mod event;
mod handle;
mod machine;
mod retry;
mod shared;
mod state;
pub mod trace;

pub use backoff::{
    DEFAULT_FACTOR, DEFAULT_INITIAL_DELAY, DEFAULT_JITTER, DEFAULT_MAX_DELAY, DEFAULT_STABLE_AFTER,
    Exponential, Jitter, Patience, Randomness, ResetRule,
};
pub use builder::Builder;
pub use bus::{BusItem, Events};
pub use clock::{SystemWallClock, WallClock, later};
pub use config::{
    Config, DEFAULT_ESCALATE_AFTER, DEFAULT_EVENT_CAPACITY, DEFAULT_MIN_PAUSE, DEFAULT_RETRY_DELAY, Delay,
    Fixed, LEAST_MIN_PAUSE, PermanentPolicy, RetryDelay,
};
pub use connector::{ConnectError, Connection, Connector, Permanence};
pub use error::{AttemptError, Cause, Closed, Failure};
pub use event::Event;
pub use handle::{Persistent, WeakPersistent};
pub use retry::retry;
pub use shared::{LOST_LINKS_KEPT, LostLink};
pub use state::State;
