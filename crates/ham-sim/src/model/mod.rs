//! The model conductor: what a conductor is, as far as a client can see.
//!
//! Written after the sources of `holochain` 0.7.1; the order of a call's checks stands in [`call`], each with its place
//! there. It shares no code with `ham`, or both would share a mistake.

mod admin;
mod answer;
mod app;
mod audit;
mod call;
mod cell;
mod conductor;
mod dump;
mod grants;
mod nonce;
mod release;
mod route;
mod run;
mod socket;
mod store;
mod texts;
mod wire;

pub(crate) use app::{APP, CLONE, ROLES};
pub(crate) use call::{Input, Output, Trait, ZOME};
pub(crate) use conductor::{ADMIN_PORT, Boot, Conductor};
pub(crate) use release::Release;
