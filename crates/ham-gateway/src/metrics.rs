//! What is counted. Labels are bounded: apps, routes, outcomes, ids of keys; never what an address says.

mod names;
mod recorded;
mod recorder;

pub use names::{
    AUTH_FAILURES, BUILD_INFO, CALL_SECONDS, CALLS, CALLS_ABANDONED, CONNECTIONS, HTTP_REQUEST_SECONDS,
    HTTP_REQUESTS, RATE_LIMITED, READY, TABLE,
};
pub(crate) use recorded::{Connection, UnderWay, auth_failed, call, rate_limited, ready, request};
pub(crate) use recorder::{install, routes, upkeep};
