#![doc = include_str!("../README.md")]

mod files;
mod server;

pub use files::{Files, POLICY};
pub use server::{Bodies, BodyError, Bounds, Listener, Peer, Received, Room, Service};
