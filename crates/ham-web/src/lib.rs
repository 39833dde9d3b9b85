#![doc = include_str!("../README.md")]

#[cfg(feature = "http")]
mod files;
mod places;
#[cfg(feature = "http")]
mod server;

#[cfg(feature = "http")]
pub use files::{Files, POLICY};
pub use places::{Place, Places, Standing, network};
#[cfg(feature = "http")]
pub use server::{Bodies, BodyError, Bounds, Listener, Peer, Received, Room, Service};
