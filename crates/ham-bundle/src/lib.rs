#![doc = include_str!("../README.md")]

mod error;
mod file;
mod hash;
mod inflated;
mod kind;
mod pack;
mod unpack;

pub use error::BundleError;
pub use hash::{Hashed, hash};
pub use inflated::{Inflated, MAX_INFLATED};
pub use kind::Kind;
pub use pack::{PackOptions, Packed, pack};
pub use unpack::unpack;
