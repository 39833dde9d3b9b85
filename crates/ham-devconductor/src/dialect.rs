//! Where the releases of `holochain` differ from 0.7.1, which the rest of this crate speaks.
//!
//! `table` holds all of it: one column per release. The other files are the shapes that it names. A request is translated when it is
//! read, and an answer when it is written. Behind the interfaces nothing depends on the release, except the validation of a commit,
//! which asks whether a closed chain accepts it.

mod actions;
mod answers;
mod dumps;
mod errors;
mod grants;
mod operations;
mod reading;
mod requests;
mod signals;
mod table;

pub(crate) use answers::{AdminAnswer, AppAnswer};
pub(crate) use requests::{AdminAsked, Earlier};
pub(crate) use table::Dialect;
pub(crate) use table::{DirectSignals, Listed};
