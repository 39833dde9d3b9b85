//! The life of a call: planned, signed, sent until it is settled, and settled afterwards if it was lost.

mod breaker;
mod caller;
mod deliver;
mod delivered;
mod fence;
mod lane;
mod options;
mod readiness;
mod release;
mod retry_policy;
mod rounds;
mod send;
mod send_state;
mod sign;
mod signed;
mod start_pause;
mod target;
mod verdict;

pub(crate) use breaker::Breakers;
pub use breaker::{DEFAULT_PRESSURE_COOLDOWN_MAX, PressureBreaker};
pub(crate) use caller::{Caller, unexpected};
pub use fence::Fenced;
pub(crate) use fence::fence;
pub(crate) use lane::Lanes;
pub use lane::MAX_WAITING_FOR_CELL;
pub(crate) use options::CallPlan;
pub use options::{
    CallOptions, CallPolicy, DEFAULT_DEADLINE, DEFAULT_REPEATS, DEFAULT_SKEW_MARGIN, MAX_NONCE_LIFE,
    MIN_NONCE_LIFE, OnUnknown, UnknownCall,
};
pub use readiness::READINESS_POLL;
pub(crate) use readiness::{callable, wait_until_callable};
pub(crate) use release::release;
pub use retry_policy::MAX_RESUMES;
pub(crate) use send::{call, send_signed};
pub(crate) use sign::{call as sign, prove as prove_signing};
pub use signed::SignedCall;
pub use target::CallTarget;
pub(crate) use target::first;
