//! What the outbox does.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use super::names::{FENCES, IDEMPOTENCY, OUTBOX_SETTLED, STORE_COMMANDS, STORE_COMMIT_SECONDS, STORE_UP};

/// A request came under a key.
pub(crate) fn idempotency(result: &'static str) {
    counter!(IDEMPOTENCY, "result" => result).increment(1);
}

/// A call is settled.
pub(crate) fn settled(outcome: &'static str) {
    counter!(OUTBOX_SETTLED, "outcome" => outcome).increment(1);
}

/// A fence ended.
pub(crate) fn fenced(result: &'static str) {
    counter!(FENCES, "result" => result).increment(1);
}

/// A transaction had this many changes, and took this long.
#[expect(clippy::cast_precision_loss, reason = "a transaction holds a thousand changes")]
pub(crate) fn committed(commands: usize, took: Duration) {
    histogram!(STORE_COMMIT_SECONDS).record(took);
    histogram!(STORE_COMMANDS).record(commands as f64);
}

/// Whether the outbox's file can be used.
pub(crate) fn store_up(up: bool) {
    gauge!(STORE_UP).set(f64::from(u8::from(up)));
}
