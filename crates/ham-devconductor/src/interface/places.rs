//! Which connections an interface serves at a time.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::reading::Reading;

/// The places of one interface. A client that is not known has one only as long as nobody else wants it: whoever says nothing keeps
/// nobody out.
pub(super) struct Places {
    free: Arc<Semaphore>,
    /// Those that were not known when they were looked at last; the first came first.
    strangers: VecDeque<Stranger>,
}

struct Stranger {
    reading: Reading,
    leaves: CancellationToken,
}

/// The place of one client, until this is dropped.
pub(super) struct Place {
    reading: Reading,
    leaves: CancellationToken,
    _gone: DropGuard,
    _taken: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(most: NonZeroUsize) -> Self {
        let most = most.get().min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(most)), strangers: VecDeque::new() }
    }

    /// A place for a client that has come. Where none is free, the stranger that came first leaves; `None` where all are known.
    ///
    /// # Cancel safety
    /// A stranger may have left for nobody.
    pub(super) async fn take(&mut self) -> Option<Place> {
        self.strangers.retain(|stranger| !stranger.reading.is_known() && !stranger.leaves.is_cancelled());
        let taken = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(taken) => taken,
            Err(_) => {
                self.strangers.pop_front()?.leaves.cancel();
                Arc::clone(&self.free).acquire_owned().await.ok()?
            }
        };
        let (reading, leaves) = (Reading::default(), CancellationToken::new());
        self.strangers.push_back(Stranger { reading: reading.clone(), leaves: leaves.clone() });
        Some(Place { reading, _gone: leaves.clone().drop_guard(), leaves, _taken: taken })
    }
}

impl Place {
    /// What is known of the client.
    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Resolves when another client is to have the place.
    pub(super) async fn is_wanted(&self) {
        self.leaves.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn the_stranger_that_came_first_makes_room_and_who_is_known_does_not() {
        let mut places = Places::new(NonZeroUsize::new(3).unwrap());
        let known = places.take().await.unwrap();
        known.reading().make_known();
        let (first, second) = (places.take().await.unwrap(), places.take().await.unwrap());
        let mut third = Box::pin(places.take());
        assert!(third.as_mut().now_or_never().is_none(), "the first has not left yet");
        assert!(first.is_wanted().now_or_never().is_some() && second.is_wanted().now_or_never().is_none());
        drop(first);
        let third = third.await.unwrap();
        second.reading().make_known();
        third.reading().make_known();
        assert!(places.take().await.is_none());
        assert!([&known, &second, &third].iter().all(|place| place.is_wanted().now_or_never().is_none()));
        drop(known);
        assert!(places.take().await.is_some());
    }
}
