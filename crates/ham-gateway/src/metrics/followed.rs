//! What is recorded about the feed.

use metrics::{Gauge, counter, gauge};

use super::names::{BLOCKS_BACKFILLED, FEED_DELIVERIES, FEED_GAPS, FEED_MESSAGES, FEED_MISSED, SUBSCRIBERS};

/// A message was told on a chain to this many; this many were missed in all.
pub(crate) fn message(chain: &str, told: usize, missed: u64) {
    counter!(FEED_MESSAGES, "chain" => chain.to_owned()).increment(1);
    counter!(FEED_DELIVERIES).increment(u64::try_from(told).unwrap_or(u64::MAX));
    counter!(FEED_MISSED).absolute(missed);
}

/// An app's chains got a gap.
pub(crate) fn gap(cause: &'static str) {
    counter!(FEED_GAPS, "cause" => cause).increment(1);
}

/// Blocks were requested from a chain.
pub(crate) fn backfilled(blocks: usize) {
    counter!(BLOCKS_BACKFILLED).increment(u64::try_from(blocks).unwrap_or(u64::MAX));
}

/// A subscription, until this is dropped.
pub(crate) struct Following(Gauge);

impl Following {
    pub(crate) fn begun(transport: &'static str) -> Self {
        let followed = gauge!(SUBSCRIBERS, "transport" => transport);
        followed.increment(1.0);
        Self(followed)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
