//! The WebSocket interfaces, as `holochain` 0.7.1 serves them, or an earlier release of it: [`dialect`](crate::dialect) says how that differs.

mod admin;
mod app;
mod direct;
mod framing;
mod incoming_limits;
mod interfaces;
mod limited_stream;
mod listening;
mod meter;
mod network;
mod origin;
mod own;
mod place;
mod port;
mod reading;
mod servers;
mod socket;
mod transport;
mod turns;

pub(crate) use interfaces::Interfaces;
pub(crate) use place::Interface;
pub(crate) use servers::interfaces;
