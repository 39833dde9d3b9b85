//! What the callers are doing right now: counts that wake their watchers.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::watch;
use tokio::time::Instant;

/// Counts of a running load.
#[derive(Debug)]
pub(super) struct Meter {
    outstanding: watch::Sender<usize>,
    ended: watch::Sender<u32>,
    answered: watch::Sender<Option<Instant>>,
    /// Even while the link is up, odd while it is down: each outage is two steps.
    outages: AtomicU32,
}

/// One outstanding call; dropping it ends the count.
#[derive(Debug)]
pub(super) struct Outstanding<'a> {
    meter: &'a Meter,
    began: u32,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            outstanding: watch::Sender::new(0),
            ended: watch::Sender::new(0),
            answered: watch::Sender::new(None),
            outages: AtomicU32::new(0),
        }
    }

    /// A call begins.
    pub(super) fn begin(&self) -> Outstanding<'_> {
        self.outstanding.send_modify(|count| *count += 1);
        Outstanding { meter: self, began: self.outages.load(Ordering::Relaxed) }
    }

    pub(super) fn ended(&self) -> u32 {
        *self.ended.borrow()
    }

    /// Resolves when this many calls have ended.
    pub(super) async fn until_ended(&self, calls: u32) {
        let mut ended = self.ended.subscribe();
        // The sender is in `self`, so the channel cannot close; the same below.
        let _ = ended.wait_for(|count| *count >= calls).await;
    }

    /// Resolves when this many calls are outstanding; returns how many.
    pub(super) async fn until_outstanding(&self, calls: usize) -> usize {
        let mut outstanding = self.outstanding.subscribe();
        let seen = outstanding.wait_for(|count| *count >= calls).await;
        seen.map_or(0, |count| *count)
    }

    /// Resolves when a call was answered after `moment`; returns when.
    pub(super) async fn until_answered_after(&self, moment: Instant) -> Instant {
        let mut answered = self.answered.subscribe();
        let seen = answered.wait_for(|last| last.is_some_and(|last| last > moment)).await;
        seen.ok().and_then(|last| *last).unwrap_or(moment)
    }

    /// The link is about to be lost, or it is back.
    pub(super) fn link_changed(&self) {
        self.outages.fetch_add(1, Ordering::Relaxed);
    }
}

impl Outstanding<'_> {
    /// The call ended. Returns whether it began before the link was lost and ended on a later link.
    pub(super) fn end(self, answered: bool) -> bool {
        let now = self.meter.outages.load(Ordering::Relaxed);
        self.meter.ended.send_modify(|count| *count += 1);
        if answered {
            self.meter.answered.send_replace(Some(Instant::now()));
        }
        self.began.is_multiple_of(2) && now.is_multiple_of(2) && now > self.began
    }
}

impl Drop for Outstanding<'_> {
    fn drop(&mut self) {
        self.meter.outstanding.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_wake_their_watchers() {
        let meter = Meter::new();
        let (one, two) = (meter.begin(), meter.begin());
        assert_eq!(meter.until_outstanding(2).await, 2);
        drop(two);
        assert_eq!(*meter.outstanding.borrow(), 1);
        let moment = Instant::now() - std::time::Duration::from_millis(1);
        assert!(!one.end(true));
        meter.until_ended(1).await;
        assert!(meter.until_answered_after(moment).await > moment);
        assert_eq!((*meter.outstanding.borrow(), meter.ended()), (0, 1));
    }

    #[test]
    fn a_call_outlives_an_outage_only_when_it_began_before_and_ended_after_it() {
        let meter = Meter::new();
        let (before, during_end) = (meter.begin(), meter.begin());
        meter.link_changed();
        let during = meter.begin();
        assert!(!during_end.end(false));
        meter.link_changed();
        assert!(before.end(true));
        assert!(!during.end(true));
    }
}
