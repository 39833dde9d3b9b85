//! Configuration.

mod check;
mod connection;
mod interface;
mod seams;
mod session;

pub use connection::PersistentHamConfig;
pub(crate) use interface::local_target;
pub use interface::{AppInterface, DEFAULT_ORIGIN, TokenFuture, TokenSource};
pub use session::{
    DEFAULT_ADMIN_TIMEOUT, DEFAULT_DEGRADED_AFTER, DEFAULT_MAX_IN_FLIGHT, DEFAULT_SILENCE_BOUND,
    MAX_FRAME_SIZE, MOST_IN_FLIGHT, RECONNECT_EARLY, RECONNECT_INITIAL, RECONNECT_JITTER, RECONNECT_MAX,
    RECONNECT_MAX_EARLY, conductor_session, default_retry,
};
