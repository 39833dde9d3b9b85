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

pub use args::{Args, LayerName};
pub use command::main;
pub use coverage::Counts;
pub use dice::{Dice, Stream};
pub use finding::{Finding, Verdict};
pub use history::{Entry, Event, History, Recorder};
pub use layer::example::{self, Example};
pub use life::{Layer, Life};
pub use mask::{Mask, MaskError};
pub use one::{Lived, live_one};
pub use run::{Found, Outcome, Plan, Progress, Stopped, run};
pub use shrink::{Shrunk, shrink};
pub use time::{pause, spawn, tasks};
