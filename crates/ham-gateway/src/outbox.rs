//! The outbox: calls that outlive their request.

mod board;
mod call;
mod change;
mod config;
mod crash;
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
mod maker;
mod meter;
mod outages;
mod place;
mod read;
mod recover;
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

pub use board::OpenCalls;
pub use call::{Call, CallId, Fingerprint};
pub use config::{
    DEFAULT_ANSWER_WITHIN, DEFAULT_KEEP, DEFAULT_LINGER, DEFAULT_MOST_KEPT, DEFAULT_NONCE_LIFE, OutboxConfig,
};
pub use error::{StoreError, SubmitError};
pub use following::{Followed, Following};
pub use handle::Outbox;
pub use limits::Limits;
pub use lost::{catching_lost, remember_lost};
pub use meter::Meter;
pub use place::{FILE, look};
pub use read::{Order, Page, Which};
pub use store::{Opened, Store};
pub use stored::Stored;
pub use submission::{Lost, Submission, Submitted};
pub use sweep::SWEEP_EVERY;
pub use tables::{Accepted, Held};
pub use writer::Writer;
