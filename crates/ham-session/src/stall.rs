//! Whether a message that is on its way stalls: a pure rule over instants.

use std::num::NonZeroU64;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::after;

/// Tells when one message stalls: it may stand still for `stall_timeout`, and each byte that moves earns it the time that the least
/// rate gives a byte, never more than `stall_timeout` in all. So a peer that sends a byte now and then is found out after
/// `stall_timeout`. Time cannot be saved up, or a fast start would pay for hours of standing still. Anything that goes on for longer
/// than the `largest` message may take is not a message: fragments can be empty.
#[derive(Debug)]
pub(crate) struct StallDetector {
    rate: NonZeroU64,
    stall_timeout: Duration,
    longest: Duration,
    begun: Option<Begun>,
}

#[derive(Clone, Copy, Debug)]
struct Begun {
    at: Instant,
    bytes: u64,
    by: Instant,
}

/// A message that stalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slow {
    pub(crate) bytes: u64,
    pub(crate) after: Duration,
}

impl StallDetector {
    pub(crate) fn new(rate: NonZeroU64, stall_timeout: Duration, largest: u64) -> Self {
        let longest = stall_timeout.saturating_add(time_of(largest, rate));
        Self { rate, stall_timeout, longest, begun: None }
    }

    /// This many more bytes of the message moved. Returns whether it is on time.
    pub(crate) fn moved(&mut self, now: Instant, bytes: u64) -> bool {
        let latest = after(now, self.stall_timeout);
        let begun = self.begun.get_or_insert(Begun { at: now, bytes: 0, by: latest });
        begun.bytes = begun.bytes.saturating_add(bytes);
        if now >= begun.by {
            return false;
        }
        let earned = after(begun.by, time_of(bytes, self.rate));
        begun.by = earned.min(latest).min(after(begun.at, self.longest));
        true
    }

    /// Nobody looked for more of the message until now.
    pub(crate) fn excuse(&mut self, now: Instant) {
        if let Some(begun) = &mut self.begun {
            (begun.at, begun.by) = (now, after(now, self.stall_timeout));
        }
    }

    /// The message is complete.
    pub(crate) fn done(&mut self) {
        self.begun = None;
    }

    /// When the message on its way will have stalled, unless more of it comes.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.begun.map(|begun| begun.by)
    }

    /// The message on its way, if it has stalled.
    pub(crate) fn lost(&self, now: Instant) -> Option<Slow> {
        let begun = self.begun.filter(|begun| now >= begun.by)?;
        Some(Slow { bytes: begun.bytes, after: now.saturating_duration_since(begun.at) })
    }
}

fn time_of(bytes: u64, rate: NonZeroU64) -> Duration {
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(rate.get());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1000 bytes a second, a stall timeout of one second, and messages of up to an hour.
    fn detector() -> StallDetector {
        StallDetector::new(NonZeroU64::new(1000).expect("not zero"), Duration::from_secs(1), 3_600_000)
    }

    proptest::proptest! {
        /// However slowly it trickles, the end comes within the stall timeout plus the time that its bytes earn.
        #[test]
        fn a_message_ends(steps in proptest::collection::vec((0_u64..1500, 0_u64..3000), 1..100)) {
            let (start, mut detector, mut bytes) = (Instant::now(), detector(), 0);
            let mut now = start;
            for (wait, more) in steps {
                now += Duration::from_millis(wait);
                bytes += more;
                let deadline = detector.deadline().unwrap_or(now + Duration::from_secs(1));
                let on_time = detector.moved(now, more);
                proptest::prop_assert_eq!(on_time, now < deadline);
                let latest = detector.deadline().expect("it has begun");
                let begun = detector.begun.expect("it has begun").at;
                proptest::prop_assert!(latest <= begun + Duration::from_secs(1) + Duration::from_millis(bytes));
                proptest::prop_assert!(latest <= now + Duration::from_secs(1), "nothing is saved up");
                if !on_time {
                    proptest::prop_assert!(detector.lost(now).is_some());
                    return Ok(());
                }
            }
        }
    }

    #[test]
    fn a_large_message_on_a_slow_path_passes_and_one_that_trickles_does_not() {
        let (start, mut detector) = (Instant::now(), detector());
        for second in 0..3600 {
            assert!(detector.moved(start + Duration::from_millis(second * 999), 1000));
        }
        detector.done();
        assert_eq!(detector.deadline(), None);
        let mut now = start;
        while detector.moved(now, 1) {
            now += Duration::from_millis(200);
        }
        assert!(now - start < Duration::from_millis(1300), "{:?}", now - start);
        assert!(detector.lost(now).is_some_and(|slow| slow.bytes <= 7));
    }

    #[test]
    fn what_goes_on_for_longer_than_the_largest_message_is_none() {
        let (start, mut detector) = (Instant::now(), detector());
        let lasted =
            (0_u64..).find(|second| !detector.moved(start + Duration::from_millis(second * 999), 5000));
        assert_eq!(lasted, Some(3605), "an hour and the stall timeout");
    }

    #[test]
    fn an_endless_stall_timeout_does_not_overflow() {
        let mut detector = StallDetector::new(NonZeroU64::MIN, Duration::MAX, u64::MAX);
        assert!(detector.moved(Instant::now(), u64::MAX));
        assert!(detector.moved(Instant::now(), u64::MAX));
    }
}
