//! Everything a test of a connection needs that is real: loopback servers, a fault proxy, real conductors; and one
//! scripted connector for the state machine itself.

pub mod chaos;
#[cfg(feature = "conductor")]
pub mod conductor;
pub mod scripted;
pub mod server;
pub mod transcript;
