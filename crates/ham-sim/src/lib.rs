#![doc = include_str!("../README.md")]

mod args;
mod command;
mod coverage;
mod dice;
mod finding;
mod history;
mod layer;
mod life;
mod mask;
mod one;
mod panics;
mod report;
mod run;
mod shrink;
mod time;
mod transcript;
mod watch;

pub use args::LayerName;
pub use command::{main, replay};
pub use finding::Finding;
pub use mask::{Mask, MaskError};
