//! Conductors that meet: a relay, and several conductors with one.

pub(crate) mod conductors;
pub(crate) mod relay;
