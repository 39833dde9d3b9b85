//! Beyond one machine: the feed is published to a stream of NATS, and calls come over NATS. docs/nats.md describes it.

#[cfg(feature = "nats")]
mod body;
#[cfg(feature = "nats")]
mod call;
#[cfg(feature = "nats")]
mod calls;
#[cfg(feature = "nats")]
mod chain;
#[cfg(feature = "nats")]
mod chain_reader;
#[cfg(feature = "nats")]
mod chain_writer;
#[cfg(feature = "nats")]
mod follow;
#[cfg(feature = "nats")]
mod link;
#[cfg(feature = "nats")]
mod publisher;
#[cfg(feature = "nats")]
mod run;
mod secrets;
mod status;
#[cfg(feature = "nats")]
mod stream;
#[cfg(feature = "nats")]
mod subject;
#[cfg(feature = "nats")]
mod writer;

#[cfg(feature = "nats")]
pub use follow::{Follow, FollowError, Followed, From};
#[cfg(feature = "nats")]
pub(crate) use run::run;
pub(crate) use secrets::Secrets;
pub(crate) use status::NatsStatus;
