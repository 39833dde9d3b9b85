//! What can go wrong, by operation, and the questions every error answers.

mod admin;
mod call;
mod connect;
mod fence;
mod line;
mod outcome;
mod questions;
mod signing;

pub use admin::AdminError;
pub use call::CallError;
pub(crate) use call::from_request;
pub use connect::{ConnectError, TokenError};
pub use fence::FenceError;
pub use outcome::Outcome;
pub use signing::{KEYSTORE_COOLDOWN, SigningError, SigningStep};
