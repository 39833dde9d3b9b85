//! What the releases of `holochain` say otherwise than 0.7.1, which the rest of this crate speaks.
//!
//! `table` is the whole of it: a column for each release. The other files are the shapes that it names. A request is
//! translated when it is read and an answer when it is written. Behind the interfaces nothing knows a release but the
//! validation of a commit, which asks whether a closed chain takes it.

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
