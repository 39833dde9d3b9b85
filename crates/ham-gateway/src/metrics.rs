//! What is counted. Labels are bounded: apps, routes, outcomes, ids of keys; never what an address says.

mod followed;
mod names;
mod recorded;
mod recorder;

pub(crate) use followed::{Following, backfilled, gap, message};
pub use names::{
    AUTH_FAILURES, BLOCKS_BACKFILLED, BUILD_INFO, CALL_SECONDS, CALLS, CALLS_ABANDONED, CONNECTIONS,
    FEED_DELIVERIES, FEED_GAPS, FEED_MESSAGES, FEED_MISSED, HTTP_REQUEST_SECONDS, HTTP_REQUESTS,
    RATE_LIMITED, READY, SUBSCRIBERS, TABLE,
};
pub(crate) use recorded::{Connection, UnderWay, auth_failed, call, rate_limited, ready, request};
pub(crate) use recorder::{install, routes, upkeep};
