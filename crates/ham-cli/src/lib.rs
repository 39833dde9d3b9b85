#![doc = include_str!("../README.md")]

mod advice;
mod app;
mod args;
mod code;
mod commands;
mod complete;
mod conductor;
mod connect;
mod context;
mod definition;
pub mod demo;
mod directories;
mod envelopes;
mod exit;
mod failure;
mod flags;
mod following;
mod hash;
mod input;
mod logging;
mod output;
mod page;
mod progress;
mod release;
mod running;
mod server;
mod settings;
mod shutdown;
mod sources;
mod terminal;
mod wait;

pub use commands::main;
