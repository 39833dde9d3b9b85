//! The outbox: calls that outlive their request.

mod call;
pub mod machine;
mod store;
mod tables;
mod writer;

pub use call::{Call, CallId, Fingerprint, Stored};
pub use store::{Accepted, Limits, Opened, Store, StoreError};
pub use tables::Held;
pub use writer::Meter;
