//! A service that uses `ham`: its processes, their tasks, and what survives a crash.

mod call;
mod credentials;
mod desk;
mod keystore;
mod plan;
mod prepared;
mod process;
mod signals;
mod state;
mod task;

pub(crate) use credentials::Credentials;
pub(crate) use desk::Desk;
pub(crate) use plan::{Action, Called, Crash, Keys, Options, Policy, Role, Settings, Step};
pub(crate) use process::{Process, connection};
pub(crate) use task::Task;
