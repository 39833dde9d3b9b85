//! The clock of a conductor, which a test may stop or move forward.

use std::sync::Arc;
use std::time::Duration;

use holochain_types::prelude::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

/// The clock for `sys_time`, for expiries of calls and tokens, and for schedules. A copy is the same clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock(Arc<watch::Sender<ClockState>>);

#[derive(Debug, Clone, Copy, Default)]
struct ClockState {
    stopped: Option<Timestamp>,
    /// How far it is ahead of the system's clock.
    ahead: Duration,
}

/// Reads a clock, and knows when it is moved.
#[derive(Debug)]
pub(crate) struct Watcher(watch::Receiver<ClockState>);

/// A time to which a conductor's clock cannot be set: it is later than 2099. Cron, which schedules use, ends with the year after
/// that, and schedules without a next time would be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock cannot go beyond the year 2099, where schedules end: it can go forward by {} at most", whole(*.at_most)
)]
#[non_exhaustive]
pub struct TooLate {
    /// How far forward it can be moved from the time that it shows now.
    pub at_most: Duration,
}

/// In days if it is at least one, so that it is still right when it is read.
fn whole(at_most: Duration) -> String {
    match at_most.as_secs() / (24 * 60 * 60) {
        0 => format!("{}s", at_most.as_secs()),
        days => format!("{days}d"),
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(ClockState::default())))
    }
}

impl ClockState {
    fn now(self) -> Timestamp {
        self.stopped.unwrap_or_else(|| Timestamp::now().saturating_add(&self.ahead))
    }

    fn forward(self, by: Duration) -> Self {
        match self.stopped {
            Some(stopped) => Self { stopped: Some(stopped.saturating_add(&by)), ..self },
            None => Self { ahead: self.ahead.saturating_add(by), ..self },
        }
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        self.state().now()
    }

    /// How far it is ahead of the system's clock, if it runs.
    pub(crate) fn ahead(&self) -> Duration {
        self.state().ahead
    }

    /// Stops it at this time; `None` lets it run.
    ///
    /// # Errors
    /// [`TooLate`]; the clock is then unchanged.
    pub(crate) fn freeze(&self, at: Option<Timestamp>) -> Result<(), TooLate> {
        self.put(ClockState { stopped: at, ..self.state() }).map(drop)
    }

    /// Moves it forward; returns how far it is ahead.
    ///
    /// # Errors
    /// [`TooLate`]; the clock is then unchanged.
    pub(crate) fn advance(&self, by: Duration) -> Result<Duration, TooLate> {
        self.put(self.state().forward(by))
    }

    /// Whether it can be moved forward so far.
    ///
    /// # Errors
    /// [`TooLate`].
    pub(crate) fn can_advance(&self, by: Duration) -> Result<(), TooLate> {
        self.check(self.state().forward(by))
    }

    fn put(&self, state: ClockState) -> Result<Duration, TooLate> {
        self.check(state)?;
        self.0.send_replace(state);
        Ok(state.ahead)
    }

    fn check(&self, state: ClockState) -> Result<(), TooLate> {
        if state.now() < END {
            return Ok(());
        }
        let left = END.as_micros() - 1 - self.now().as_micros();
        Err(TooLate { at_most: Duration::from_micros(left.try_into().unwrap_or_default()) })
    }

    /// Lets it run with the system's clock.
    pub(crate) fn reset(&self) {
        self.0.send_replace(ClockState::default());
    }

    /// A time given by the system's clock, converted to this one.
    pub(crate) fn of_system(&self, time: Timestamp) -> Timestamp {
        time.saturating_add(&self.state().ahead)
    }

    pub(crate) fn watcher(&self) -> Watcher {
        Watcher(self.0.subscribe())
    }

    fn state(&self) -> ClockState {
        *self.0.borrow()
    }
}

impl Watcher {
    /// The time that it shows, including every move until now.
    pub(crate) fn now(&mut self) -> Timestamp {
        self.0.borrow_and_update().now()
    }

    /// Whether it has been moved since it was last read.
    pub(crate) fn has_moved(&self) -> bool {
        self.0.has_changed().unwrap_or_default()
    }

    /// Resolves when it may be this time, or when the clock was moved after it was last read. Without a time, only the latter.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn until(&mut self, time: Option<Timestamp>) {
        let state = *self.0.borrow();
        let left = time.filter(|_| state.stopped.is_none()).map(|time| {
            let left = time.as_micros().saturating_sub(state.now().as_micros());
            Duration::from_micros(left.try_into().unwrap_or_default()).min(LONGEST)
        });
        let moved = self.0.changed();
        match left {
            Some(Duration::ZERO) => {}
            Some(left) => drop(tokio::time::timeout_at(Instant::now() + left, moved).await),
            None => drop(moved.await),
        }
    }
}

/// 2100-01-01T00:00:00Z, in microseconds. Dates of cron have years until 2100, so that whatever comes each year still comes.
const END: Timestamp = Timestamp(4_102_444_800_000_000);

/// The system's clock may be set, or the machine may sleep, without notice: it is checked again after this long.
const LONGEST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_time_that_schedules_do_not_have_is_refused() {
        let (clock, century) = (Clock::default(), Duration::from_secs(100 * 366 * 86_400));
        assert!(clock.advance(century).is_err());
        assert_eq!(clock.advance(Duration::ZERO), Ok(Duration::ZERO));
        assert!(clock.freeze(Some(END)).is_err());
        let last = Timestamp::from_micros(END.as_micros() - 1);
        clock.freeze(Some(last)).unwrap();
        assert_eq!(clock.advance(Duration::from_micros(1)), Err(TooLate { at_most: Duration::ZERO }));
        assert_eq!(clock.now(), last);
        clock.reset();
        assert!(clock.now() < last);
    }

    /// Case: the limit was not stated, and had to be found by trying.
    #[test]
    fn a_refusal_says_how_far_it_goes() {
        let (clock, hour) = (Clock::default(), Duration::from_secs(60 * 60));
        for (before, text) in [(50 * hour, "by 2d at most"), (hour, "by 3599s at most")] {
            clock.freeze(Some(Timestamp::from_micros(END.as_micros() - before.as_micros() as i64))).unwrap();
            let TooLate { at_most } = clock.advance(51 * hour).unwrap_err();
            assert!(TooLate { at_most }.to_string().ends_with(text), "{at_most:?}");
            assert_eq!(clock.advance(at_most), Ok(Duration::ZERO));
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_a_time_is_told_when_the_clock_is_moved() {
        let (clock, at) = (Clock::default(), |seconds: i64| Timestamp::from_micros(seconds * 1_000_000));
        clock.freeze(Some(at(10))).unwrap();
        let mut watcher = clock.watcher();
        assert_eq!(watcher.now(), at(10));
        let is_over = |watcher: &mut Watcher| watcher.until(Some(at(20))).now_or_never().is_some();
        assert!(!is_over(&mut watcher), "it stands");
        for seconds in [30, 5] {
            clock.freeze(Some(at(seconds))).unwrap();
            assert!(is_over(&mut watcher));
            assert_eq!(watcher.now(), at(seconds));
            assert!(!is_over(&mut watcher));
        }
        clock.reset();
        watcher.now();
        assert!(is_over(&mut watcher), "it is long over");
        assert!(watcher.until(None).now_or_never().is_none());
    }
}
