//! The API of the client that services use today.

pub mod client;
mod config;
pub mod errors;
mod policy;
pub mod reconnect;
pub mod shutdown;

pub use policy::{SigningPolicy, SigningRefused};
