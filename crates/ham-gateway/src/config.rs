//! The configuration of a gateway: its values, their defaults, and what is wrong with them.

mod compat;
mod conductor;
mod fault;
mod feed;
mod file;
mod files;
mod hc_http_gw;
mod limits;
mod located;
mod nats;
mod outbox;
mod shown;
mod span;
mod values;

pub use compat::Compat;
pub use conductor::{App, Conductor};
pub use fault::Fault;
pub use feed::Feed;
pub use file::BadConfig;
pub(crate) use files::{Holds, Named};
pub use hc_http_gw::HC_HTTP_GW_PREFIX;
pub use limits::Limits;
pub(crate) use located::located;
#[cfg(feature = "nats")]
pub(crate) use nats::DUPLICATES_WITHIN;
pub use nats::Nats;
pub use outbox::OutboxLimits;
pub use values::{Config, DEFAULT_LISTEN, Tls};

#[cfg(test)]
mod tests;
