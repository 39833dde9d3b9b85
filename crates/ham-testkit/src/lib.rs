#![doc = include_str!("../README.md")]

pub mod chaos;
pub mod events;
pub mod port;
pub mod scripted;
pub mod server;
pub mod transcript;
pub mod wait;
