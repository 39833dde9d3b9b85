//! Byte streams in memory, their faults, and the network of a simulated process.

mod fault;
mod lane;
mod network;
mod ring;
mod stream;

pub(crate) use fault::{Fault, LanePlan, LinkPlan};
pub(crate) use network::{Dialled, ProcessNetwork, Router};
pub(crate) use stream::{Cut, End, Severed};
