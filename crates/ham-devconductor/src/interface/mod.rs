//! The WebSocket interfaces, as `holochain` 0.7.1 serves them.

mod admin;
mod app;
mod listener;
mod network;
mod socket;
mod transport;

pub(crate) use listener::{Interface, Interfaces};
