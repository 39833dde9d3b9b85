//! A bounded log of what happened, which any number of readers follow from its beginning.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How long [`Events::wait_for`] waits unless told otherwise: long enough for a loaded machine, so a time-out means that the event never comes.
pub const DEFAULT_EVENT_TIMEOUT: Duration = Duration::from_secs(20);

/// How many events a log keeps; older ones are forgotten, and readers that had not seen them are told.
pub const DEFAULT_EVENT_LOG: usize = 16 * 1024;

/// The writing side, owned by whatever things happen to.
#[derive(Debug)]
pub(crate) struct EventLog<E> {
    shared: Arc<Shared<E>>,
}

impl<E> Clone for EventLog<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E: Clone> EventLog<E> {
    pub(crate) fn new() -> Self {
        let kept = Kept { first: 0, events: VecDeque::new() };
        Self { shared: Arc::new(Shared { kept: Mutex::new(kept), length: watch::Sender::new(0) }) }
    }

    /// Appends an event and wakes the readers.
    pub(crate) fn record(&self, event: E) {
        let length = {
            let mut kept = self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.events.len() == DEFAULT_EVENT_LOG {
                kept.events.pop_front();
                kept.first += 1;
            }
            kept.events.push_back(event);
            kept.first + kept.events.len() as u64
        };
        self.shared.length.send_replace(length);
    }

    /// A reader that starts at the oldest event still kept.
    pub(crate) fn events(&self) -> Events<E> {
        Events { length: self.shared.length.subscribe(), shared: Arc::clone(&self.shared), next: 0 }
    }
}

/// A reader of everything that happened, oldest first. Each reader has its own position; reading takes nothing from others.
///
/// Because a reader starts at the beginning, it may be created before or after the action it watches for: there is no race between
/// subscribing and acting.
#[derive(Debug)]
pub struct Events<E> {
    shared: Arc<Shared<E>>,
    length: watch::Receiver<u64>,
    next: u64,
}

impl<E: Clone + fmt::Debug> Events<E> {
    /// The next event; waits for it without a bound, so use [`wait_for`](Self::wait_for) in tests.
    ///
    /// # Cancel safety
    /// Cancel safe: an event counts as read only when it is returned.
    pub async fn next(&mut self) -> E {
        loop {
            if let Some(event) = self.try_next() {
                return event;
            }
            let next = self.next;
            // The sender lives in `shared`, which this reader holds, so the channel cannot close.
            let _ = self.length.wait_for(|length| *length > next).await;
        }
    }

    /// The next event if it has already happened.
    pub fn try_next(&mut self) -> Option<E> {
        let kept = self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.next = self.next.max(kept.first);
        let place = usize::try_from(self.next - kept.first).ok()?;
        let event = kept.events.get(place).cloned()?;
        self.next += 1;
        Some(event)
    }

    /// Reads until an event satisfies `wanted` and returns it, waiting up to [`DEFAULT_EVENT_TIMEOUT`].
    ///
    /// # Errors
    /// [`NotSeen`] with every event passed over, when the time is up.
    ///
    /// # Cancel safety
    /// Cancel safe, but the events already passed over are not seen again by this reader.
    pub async fn wait_for(&mut self, wanted: impl FnMut(&E) -> bool) -> Result<E, NotSeen> {
        self.wait_for_within(DEFAULT_EVENT_TIMEOUT, wanted).await
    }

    /// [`wait_for`](Self::wait_for) with the caller's own bound.
    ///
    /// # Errors
    /// [`NotSeen`] with every event passed over, when the time is up.
    ///
    /// # Cancel safety
    /// Cancel safe, but the events already passed over are not seen again by this reader.
    pub async fn wait_for_within(
        &mut self,
        within: Duration,
        mut wanted: impl FnMut(&E) -> bool,
    ) -> Result<E, NotSeen> {
        let mut passed = Vec::new();
        let search = async {
            loop {
                let event = self.next().await;
                if wanted(&event) {
                    return event;
                }
                passed.push(format!("{event:?}"));
            }
        };
        match tokio::time::timeout(within, search).await {
            Ok(event) => Ok(event),
            Err(_) => Err(NotSeen { within, passed }),
        }
    }
}

/// The awaited event did not happen in time.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the event was not seen within {within:?}; seen instead: [{}]", passed.join(", "))]
#[non_exhaustive]
pub struct NotSeen {
    /// How long the reader waited.
    pub within: Duration,
    /// The events that did happen, rendered, oldest first.
    pub passed: Vec<String>,
}

#[derive(Debug)]
struct Shared<E> {
    kept: Mutex<Kept<E>>,
    length: watch::Sender<u64>,
}

#[derive(Debug)]
struct Kept<E> {
    /// Number of the oldest event kept.
    first: u64,
    events: VecDeque<E>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_late_reader_sees_everything_from_the_beginning() {
        let log = EventLog::new();
        log.record(1);
        log.record(2);
        let mut events = log.events();
        assert_eq!((events.next().await, events.next().await, events.try_next()), (1, 2, None));
    }

    #[tokio::test]
    async fn forgotten_events_are_skipped_not_awaited() {
        let log = EventLog::new();
        for number in 0..=DEFAULT_EVENT_LOG {
            log.record(number);
        }
        assert_eq!(log.events().next().await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_missing_event_is_reported_with_what_came_instead() {
        let log = EventLog::new();
        log.record("connected");
        let missing = log.events().wait_for(|event| *event == "cut").await.unwrap_err();
        assert_eq!(missing.passed, ["\"connected\""]);
    }
}
