//! What goes over NATS.

#![cfg_attr(not(feature = "nats"), expect(dead_code, reason = "without NATS nothing does"))]

use metrics::{counter, gauge};

use super::names::{NATS_CALLS, NATS_CONNECTED, NATS_FAILURES, NATS_GAPS, NATS_PUBLISHED};

/// The server was reached, or lost.
pub(crate) fn nats_connected(connected: bool) {
    gauge!(NATS_CONNECTED).set(f64::from(u8::from(connected)));
}

/// A message is in the stream.
pub(crate) fn nats_published(kind: &'static str) {
    counter!(NATS_PUBLISHED, "kind" => kind).increment(1);
}

/// Something failed, and is tried again.
pub(crate) fn nats_failed() {
    counter!(NATS_FAILURES).increment(1);
}

/// The stream gets a gap. The cause is one of ours.
pub(crate) fn nats_gap(cause: &str) {
    counter!(NATS_GAPS, "cause" => cause.to_owned()).increment(1);
}

/// A call was answered.
pub(crate) fn nats_call(status: http::StatusCode) {
    counter!(NATS_CALLS, "status" => status.as_str().to_owned()).increment(1);
}
