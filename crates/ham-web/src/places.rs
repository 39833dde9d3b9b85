//! Which connections a server serves at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The places of one server. A client that is not known has one only as long as nobody else wants it: whoever says nothing keeps
/// nobody out.
#[derive(Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    /// Those that were not known when they were looked at last; the first came first.
    strangers: VecDeque<Standing>,
}

/// The place of one client, until this is dropped.
#[derive(Debug)]
pub struct Place {
    standing: Standing,
    _taken: OwnedSemaphorePermit,
}

/// Whether a client is known: it is a stranger at first. A copy is of the same client.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is: AtomicU8,
    leaves: CancellationToken,
}

impl Places {
    /// So many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(most)), strangers: VecDeque::new() }
    }

    /// A place for a client that has come. Where none is free, the stranger that came first leaves, which is waited for; `None` where
    /// all are known.
    ///
    /// # Cancel safety
    /// A stranger may have left for nobody.
    pub async fn take(&mut self) -> Option<Place> {
        self.strangers.retain(Standing::is_stranger_that_is_here);
        let taken = loop {
            if let Ok(taken) = Arc::clone(&self.free).try_acquire_owned() {
                break taken;
            }
            // It may have become known meanwhile.
            if self.strangers.pop_front()?.leave() {
                break Arc::clone(&self.free).acquire_owned().await.ok()?;
            }
        };
        let standing = Standing::default();
        self.strangers.push_back(standing.clone());
        Some(Place { standing, _taken: taken })
    }
}

impl Place {
    /// What is known of the client.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }
}

impl Standing {
    /// The client keeps its place. Whether it does: where it has to leave for another, nothing that it says counts any more.
    pub fn make_known(&self) -> bool {
        let made = self.0.is.compare_exchange(STRANGER, KNOWN, Ordering::AcqRel, Ordering::Acquire);
        made.is_ok() || self.is_known()
    }

    /// Whether it keeps its place.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.0.is.load(Ordering::Acquire) == KNOWN
    }

    /// Resolves when another client is to have the place; never for one that is known by then.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn is_to_leave(&self) {
        self.0.leaves.cancelled().await;
    }

    /// Whether it is not known and has not gone by itself: then nobody else holds this.
    fn is_stranger_that_is_here(&self) -> bool {
        self.0.is.load(Ordering::Acquire) == STRANGER && Arc::strong_count(&self.0) > 1
    }

    /// Whether it leaves.
    fn leave(&self) -> bool {
        let leaves =
            self.0.is.compare_exchange(STRANGER, LEAVING, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if leaves {
            self.0.leaves.cancel();
        }
        leaves
    }
}

const STRANGER: u8 = 0;
const KNOWN: u8 = 1;
const LEAVING: u8 = 2;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn the_stranger_that_came_first_makes_room_and_who_is_known_does_not() {
        let mut places = Places::new(3);
        let known = places.take().await.unwrap();
        assert!(known.standing().make_known() && known.standing().make_known());
        let (first, second) = (places.take().await.unwrap(), places.take().await.unwrap());
        let mut third = Box::pin(places.take());
        assert!(third.as_mut().now_or_never().is_none(), "the first has not left yet");
        let leaves = |place: &Place| place.standing().is_to_leave().now_or_never().is_some();
        assert!(leaves(&first) && !leaves(&second));
        assert!(!first.standing().make_known(), "what it says now comes too late");
        drop(first);
        let third = third.await.unwrap();
        assert!(second.standing().make_known() && third.standing().make_known());
        assert!(places.take().await.is_none());
        assert!([&known, &second, &third].iter().all(|place| !leaves(place)));
        drop(known);
        assert!(places.take().await.is_some());
    }

    #[tokio::test]
    async fn whoever_has_gone_is_not_waited_for() {
        let mut places = Places::new(1);
        drop(places.take().await.unwrap());
        let here = places.take().await.unwrap();
        assert_eq!(places.strangers.len(), 1);
        let next = places.take();
        drop(here);
        assert!(next.now_or_never().unwrap().is_some());
    }
}
