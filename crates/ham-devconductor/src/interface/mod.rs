//! The WebSocket interfaces, as `holochain` 0.7.1 serves them, or an earlier release of it: `dialect` says in what that differs.

mod admin;
mod app;
mod dialect;
mod listener;
mod network;
mod socket;
mod transport;

pub(crate) use dialect::Dialect;
pub(crate) use listener::{Interface, Interfaces};
