#![doc = include_str!("../README.md")]

mod deep;
mod error;
mod file;
mod hash;
mod inflated;
mod kind;
mod pack;
mod unpack;

pub use deep::{DeepError, deep};
pub use error::BundleError;
pub use file::read_file;
pub use hash::{Hashed, hash};
pub use inflated::{Inflated, MAX_INFLATED};
pub use kind::Kind;
pub use pack::{PackOptions, Packed, pack};
pub use unpack::unpack;
