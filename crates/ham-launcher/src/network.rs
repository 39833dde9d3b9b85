//! Conductors that meet: a relay, and several conductors that share one.

pub(crate) mod conductors;
pub(crate) mod relay;
