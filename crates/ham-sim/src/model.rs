//! The model conductor: what a conductor is, as far as a client can see.
//!
//! Written from the sources of `holochain` 0.7.1; the order of a call's checks is in [`steps`], each with its place in those sources.
//! It shares no code with `ham`; otherwise both would share a mistake.

mod admin;
mod answer;
mod app;
mod audit;
mod call;
mod cell;
mod conductor;
mod dump;
mod fate;
mod grants;
mod nonce;
mod probes;
mod release;
mod route;
mod run;
mod socket;
mod steps;
mod store;
mod texts;
mod visit;
mod wire;
mod zome;

pub(crate) use conductor::{ADMIN_PORT, Conductor};
pub(crate) use fate::Boot;
pub(crate) use release::Release;
pub(crate) use store::{APP, CLONE, ROLES};
pub(crate) use zome::{Input, Output, Trait, ZOME};
