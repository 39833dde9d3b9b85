#![doc = include_str!("../README.md")]

mod backoff;
mod builder;
mod bus;
mod clock;
mod command;
mod config;
mod connector;
mod delay;
mod driver;
mod error;
mod event;
mod handle;
mod machine;
mod retry;
mod shared;
mod state;
pub mod trace;
mod waiting;

pub use backoff::{
    DEFAULT_FACTOR, DEFAULT_INITIAL_DELAY, DEFAULT_JITTER, DEFAULT_MAX_DELAY, DEFAULT_STABLE_AFTER,
    Exponential, Jitter, Patience, Randomness, ResetRule,
};
pub use builder::Builder;
pub use bus::{BusItem, Events};
pub use clock::{SystemWallClock, WallClock, later};
pub use config::{
    Config, DEFAULT_ESCALATE_AFTER, DEFAULT_EVENT_CAPACITY, DEFAULT_MIN_PAUSE, LEAST_MIN_PAUSE,
    MOST_EVENT_CAPACITY, PermanentPolicy,
};
pub use connector::{ConnectError, Connection, Connector, Permanence};
pub use delay::{DEFAULT_RETRY_DELAY, Delay, Fixed, RetryDelay};
pub use error::{AttemptError, Cause, Closed, Failure};
pub use event::Event;
pub use handle::{Persistent, WeakPersistent};
pub use retry::retry;
pub use shared::{LOST_LINKS_KEPT, LostLink};
pub use state::State;
