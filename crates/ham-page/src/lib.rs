#![doc = include_str!("../README.md")]

mod assets;
mod book;
mod build;
mod calls;
mod clients;
mod directory;
mod faults;
mod guard;
mod heavy;
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
