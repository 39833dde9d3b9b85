#![doc = include_str!("../README.md")]

mod advice;
mod app;
mod args;
mod commands;
mod complete;
mod connect;
mod context;
pub mod demo;
mod exit;
mod failure;
mod flags;
mod following;
mod input;
mod json;
mod logging;
mod output;
mod own;
mod peer;
mod progress;
mod release;
mod settings;
mod shutdown;
mod sources;
mod terminal;
mod wait;

pub use commands::main;
