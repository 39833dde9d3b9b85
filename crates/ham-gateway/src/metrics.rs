//! What is counted. Labels are bounded: apps, routes, outcomes, ids of keys; never the contents of an address.

mod followed;
mod names;
mod nats;
mod outbox;
mod recorded;
mod recorder;

pub(crate) use followed::{Following, backfilled, gap, message};
pub use names::{
    AUTH_FAILURES, BLOCKS_BACKFILLED, BUILD_INFO, CALL_SECONDS, CALLS, CALLS_ABANDONED, CONNECTIONS,
    FEED_DELIVERIES, FEED_GAPS, FEED_MESSAGES, FEED_MISSED, FENCES, HTTP_REQUEST_SECONDS, HTTP_REQUESTS,
    IDEMPOTENCY, NATS_CALLS, NATS_CONNECTED, NATS_FAILURES, NATS_GAPS, NATS_PUBLISHED, OUTBOX_OLDEST,
    OUTBOX_RECORDS, OUTBOX_SETTLED, RATE_LIMITED, READY, STORE_BYTES, STORE_COMMANDS, STORE_COMMIT_SECONDS,
    STORE_UP, SUBSCRIBERS, TABLE,
};
#[cfg(feature = "nats")]
pub(crate) use nats::{nats_call, nats_gap};
pub(crate) use nats::{nats_connected, nats_failed, nats_published};
pub(crate) use outbox::{committed, fenced, idempotency, settled, store_up};
pub(crate) use recorded::{Connection, UnderWay, auth_failed, call, rate_limited, ready, request};
pub(crate) use recorder::{install, routes, upkeep};
