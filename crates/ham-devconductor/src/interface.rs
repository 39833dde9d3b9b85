//! The WebSocket interfaces, as `holochain` 0.7.1 serves them, or an earlier release of it: [`dialect`](crate::dialect) says how that differs.

mod admin;
mod app;
mod listener;
mod network;
mod socket;
mod transport;

pub(crate) use listener::{Interface, Interfaces};
