#![doc = include_str!("../README.md")]

mod args;
mod clock;
mod command;
mod coverage;
mod dice;
mod drain;
mod entropy;
mod event;
mod finding;
mod generate;
mod history;
#[cfg(test)]
mod kinds;
mod layer;
mod life;
mod mask;
mod model;
mod net;
mod one;
mod oracle;
mod panics;
mod plan;
mod report;
mod run;
mod service;
mod shrink;
mod swarm;
mod time;
mod transcript;
mod watch;
mod world;

pub use args::LayerName;
pub use command::{main, replay};
pub use finding::Finding;
pub use mask::{Mask, MaskError};
