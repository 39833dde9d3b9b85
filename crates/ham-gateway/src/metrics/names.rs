//! The names. The README's table is tested against them.

/// Requests that were answered, by `route`, `method` and `status`.
pub const HTTP_REQUESTS: &str = "ham_gateway_http_requests_total";
/// Seconds a request took, by `route`.
pub const HTTP_REQUEST_SECONDS: &str = "ham_gateway_http_request_seconds";
/// Calls that ended, by `app`, `mode` and `outcome`.
pub const CALLS: &str = "ham_gateway_calls_total";
/// Seconds a call took, by `app` and `mode`.
pub const CALL_SECONDS: &str = "ham_gateway_call_seconds";
/// Calls without a key whose client went away before they ended.
pub const CALLS_ABANDONED: &str = "ham_gateway_calls_abandoned_total";
/// Requests without a valid key, by `reason`.
pub const AUTH_FAILURES: &str = "ham_gateway_auth_failures_total";
/// Requests beyond a key's quota, by the `key`'s id.
pub const RATE_LIMITED: &str = "ham_gateway_rate_limited_total";
/// Connections that are open.
pub const CONNECTIONS: &str = "ham_gateway_connections";
/// 1 while the calls of an app can run, by `app`.
pub const READY: &str = "ham_gateway_ready";
/// Open subscriptions, by `transport`: `websocket`, `events`, `envelopes` or `nats`.
pub const SUBSCRIBERS: &str = "ham_gateway_subscribers";
/// Messages of the feed, by `chain`.
pub const FEED_MESSAGES: &str = "ham_gateway_feed_messages_total";
/// Messages queued for subscribers, each counted once per subscriber.
pub const FEED_DELIVERIES: &str = "ham_gateway_feed_deliveries_total";
/// Messages that subscribers lost because they were too slow.
pub const FEED_MISSED: &str = "ham_gateway_feed_missed_total";
/// Gaps in an app's chains, by `cause`.
pub const FEED_GAPS: &str = "ham_gateway_feed_gaps_total";
/// Blocks that were requested from a chain.
pub const BLOCKS_BACKFILLED: &str = "ham_gateway_blocks_backfilled_total";
/// Requests under a key.
pub const IDEMPOTENCY: &str = "ham_gateway_idempotency_total";
/// Calls in the outbox.
pub const OUTBOX_RECORDS: &str = "ham_gateway_outbox_records";
/// The age of the oldest open call.
pub const OUTBOX_OLDEST: &str = "ham_gateway_outbox_oldest_seconds";
/// Calls of the outbox that are settled.
pub const OUTBOX_SETTLED: &str = "ham_gateway_outbox_settled_total";
/// Fences that ended.
pub const FENCES: &str = "ham_gateway_fences_total";
/// The time of a transaction of the outbox.
pub const STORE_COMMIT_SECONDS: &str = "ham_gateway_store_commit_seconds";
/// Changes in one transaction.
pub const STORE_COMMANDS: &str = "ham_gateway_store_commands_per_commit";
/// Bytes of all calls in the outbox.
pub const STORE_BYTES: &str = "ham_gateway_store_bytes";
/// 1 while NATS is connected.
pub const NATS_CONNECTED: &str = "ham_gateway_nats_connected";
/// Messages that are in the stream.
pub const NATS_PUBLISHED: &str = "ham_gateway_nats_published_total";
/// Publications that NATS did not accept.
pub const NATS_FAILURES: &str = "ham_gateway_nats_failures_total";
/// Gaps in the stream.
pub const NATS_GAPS: &str = "ham_gateway_nats_gaps_total";
/// Calls that came over NATS.
pub const NATS_CALLS: &str = "ham_gateway_nats_calls_total";
/// 1 while the outbox's file can be used.
pub const STORE_UP: &str = "ham_gateway_store_up";
/// 1, with the gateway's `version`.
pub const BUILD_INFO: &str = "ham_gateway_build_info";

/// All of them, with type and meaning: the README's table.
pub const TABLE: &[(&str, &str, &str)] = &[
    (HTTP_REQUESTS, "counter", "requests that were answered, by `route`, `method` and `status`"),
    (HTTP_REQUEST_SECONDS, "histogram", "seconds a request took, by `route`"),
    (CALLS, "counter", "calls that ended, by `app`, `mode` and `outcome`"),
    (CALL_SECONDS, "histogram", "seconds a call took, by `app` and `mode`"),
    (CALLS_ABANDONED, "counter", "calls without a key whose client went away before they ended"),
    (AUTH_FAILURES, "counter", "requests without a key that is valid, by `reason`"),
    (RATE_LIMITED, "counter", "requests beyond a key's quota, by the `key`'s id"),
    (CONNECTIONS, "gauge", "connections that are open"),
    (READY, "gauge", "1 while the calls of an app can run, by `app`"),
    (
        SUBSCRIBERS,
        "gauge",
        "what is followed at a time, by `transport`: `websocket`, `events`, `envelopes` or `nats`",
    ),
    (FEED_MESSAGES, "counter", "messages of the feed, by `chain`"),
    (FEED_DELIVERIES, "counter", "messages that were queued for subscribers, each for each"),
    (FEED_MISSED, "counter", "messages that subscribers lost because they were too slow"),
    (FEED_GAPS, "counter", "gaps that an app's chains were told of, by `cause`"),
    (BLOCKS_BACKFILLED, "counter", "blocks that were asked of a chain"),
    (
        IDEMPOTENCY,
        "counter",
        "requests under an idempotency key, by `result`: `new`, `joined`, `replayed`, `released` or `mismatch`",
    ),
    (
        OUTBOX_RECORDS,
        "gauge",
        "calls in the outbox, by `state`: `queued`, `signed`, `fencing`, `settling` or `settled`",
    ),
    (OUTBOX_OLDEST, "gauge", "seconds since the oldest call that is open was accepted; 0 where none is"),
    (OUTBOX_SETTLED, "counter", "calls of the outbox that were settled, by `outcome`"),
    (
        FENCES,
        "counter",
        "fences that ended, by `result`: `never_ran`, `arrived`, `nobody_can_tell` or `failed`",
    ),
    (STORE_COMMIT_SECONDS, "histogram", "seconds a transaction of the outbox took, its sync included"),
    (STORE_COMMANDS, "histogram", "changes that shared a transaction of the outbox"),
    (STORE_BYTES, "gauge", "bytes of all calls in the outbox"),
    (NATS_CONNECTED, "gauge", "1 while NATS is reached; nothing where the gateway has none"),
    (NATS_PUBLISHED, "counter", "messages that NATS has acknowledged, by `kind`: `block`, `event` or `gap`"),
    (NATS_FAILURES, "counter", "what NATS did not do and was tried again"),
    (NATS_GAPS, "counter", "gaps that were published to NATS, by `cause`"),
    (NATS_CALLS, "counter", "calls that came over NATS and were answered, by `status`"),
    (
        STORE_UP,
        "gauge",
        "1 while the outbox's file can be used, 0 while it is opened again after an error of its disk",
    ),
    (BUILD_INFO, "gauge", "1, with the gateway's `version`"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_this_table() {
        let readme = include_str!("../../README.md");
        let shown: Vec<&str> = readme
            .lines()
            .skip_while(|line| *line != "| metric | kind | meaning |")
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        let rows: Vec<String> =
            TABLE.iter().map(|(name, kind, meaning)| format!("| `{name}` | {kind} | {meaning} |")).collect();
        assert_eq!(shown, rows);
    }
}
