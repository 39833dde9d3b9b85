//! The outbox: calls that outlive their request.

mod action_runner;
mod call;
mod change;
mod config;
mod crash;
mod database_source;
mod disk;
mod ending;
mod error;
pub mod events;
mod following;
mod handle;
mod journal;
mod lane;
mod limits;
mod link;
mod lost;
pub mod machine;
mod meter;
mod outages;
mod read;
mod recover;
mod registry;
mod shared;
mod store;
mod stored;
mod submission;
mod sweep;
mod tables;
#[cfg(test)]
mod testing;
mod time;
mod watched;
mod worker;
mod writer;

pub use call::{Call, CallId, Fingerprint};
pub use config::{
    DEFAULT_ANSWER_WITHIN, DEFAULT_KEEP, DEFAULT_LINGER, DEFAULT_MOST_KEPT, DEFAULT_NONCE_LIFE, OutboxConfig,
};
pub use database_source::{FILE, look};
pub use error::{StoreError, SubmitError};
pub use following::{Followed, Following};
pub use handle::Outbox;
pub use limits::Limits;
pub use lost::{catching_lost, remember_lost};
pub use meter::Meter;
pub use read::{Order, Page, Which};
pub use registry::OpenCalls;
pub use store::{Opened, Store};
pub use stored::Stored;
pub use submission::{Lost, Submission, Submitted};
pub use sweep::SWEEP_EVERY;
pub use tables::{Accepted, Held};
pub use writer::Writer;
