#![doc = include_str!("../README.md")]

mod action_log;
mod assets;
mod build;
mod calls;
mod clients;
mod concurrency_limit;
mod directory;
mod faults;
mod guard;
mod list;
mod listen;
mod memory;
mod newest;
mod problem;
mod recorder;
mod routes;
mod served;
mod stream;
mod ui;

pub use build::Build;
pub use listen::{Page, PageConfig};
pub use ui::{UiConfig, UiSource, Window, serve_ui};
