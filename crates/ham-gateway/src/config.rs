//! What a gateway is told: its values, their defaults, and what is wrong with them.

mod conductor;
mod fault;
mod feed;
mod file;
mod limits;
mod nats;
mod outbox;
mod span;
mod values;

pub use conductor::{App, Conductor};
pub use fault::Fault;
pub use feed::Feed;
pub use file::BadConfig;
pub use limits::Limits;
#[cfg(feature = "nats")]
pub(crate) use nats::DUPLICATES_WITHIN;
pub use nats::Nats;
pub use outbox::OutboxLimits;
pub use values::{Config, DEFAULT_LISTEN, Tls};

#[cfg(test)]
mod tests;
