//! Requests from another terminal to a running `ham dev`: one line of JSON each way, through a socket that its note names.

mod ask;
mod serve;

pub(crate) use ask::{Ask, ask, name};
pub(crate) use serve::{Listening, serve};
