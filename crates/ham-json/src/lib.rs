#![doc = include_str!("../README.md")]

mod dialect;
mod hash;
mod layout;
mod read;
mod write;

pub use dialect::{Dialect, MAX_DEPTH};
pub use hash::{hash, is_hash};
pub use layout::laid_out;
pub use read::{NotSendable, to_messagepack};
pub use write::{NotShowable, from_messagepack, shown, shown_in};

#[cfg(test)]
mod tests;
