//! The life of a call: what is called, signed, sent until it is settled, and settled when it was lost.

mod breaker;
mod caller;
mod fence;
mod options;
mod readiness;
mod send;
mod sign;
mod signed;
mod start_pause;
mod target;
mod verdict;

pub(crate) use breaker::Breakers;
pub use breaker::{DEFAULT_PRESSURE_COOLDOWN_MAX, PressureBreaker};
pub(crate) use caller::{Caller, unexpected};
pub use fence::Fenced;
pub(crate) use options::CallPlan;
pub use options::{CallOptions, CallPolicy, DEFAULT_DEADLINE, DEFAULT_REPEATS, OnUnknown, UnknownCall};
pub use readiness::READINESS_POLL;
pub use send::MAX_RESUMES;
pub use sign::{DEFAULT_SKEW_MARGIN, MAX_NONCE_LIFE};
pub use signed::SignedCall;
pub use target::CallTarget;
pub(crate) use target::first;
