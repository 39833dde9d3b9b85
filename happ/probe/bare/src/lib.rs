//! A zome without the HDK: only the crates that both sides of the interface are made of.
//!
//! The DNA holds this module twice, as the integrity zome `bare_integrity` and as the coordinator zome `bare`.

mod coordinator;
mod host;
mod integrity;
mod misbehaviour;
