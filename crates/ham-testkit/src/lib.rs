#![doc = include_str!("../README.md")]

pub mod chaos;
#[cfg(all(unix, feature = "conductor"))]
pub mod conductor;
pub mod events;
pub mod scripted;
pub mod server;
pub mod transcript;
