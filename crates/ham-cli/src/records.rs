//! Records, as the commands read and show them.

mod bytes;
mod capability;
mod dht;
mod read;
mod record;

pub(crate) use dht::{Dht, Held};
pub(crate) use read::{Chain, chain};
