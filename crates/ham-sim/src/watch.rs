//! Which seed each thread is living, so that one that never ends can be named.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::time::real;

/// The seeds being lived, one place per thread.
#[derive(Debug)]
pub(crate) struct Watch {
    places: Vec<Mutex<Option<(u64, Instant)>>>,
}

impl Watch {
    pub(crate) fn new(threads: usize) -> Self {
        Self { places: (0..threads).map(|_| Mutex::new(None)).collect() }
    }

    pub(crate) fn begin(&self, thread: usize, seed: u64) {
        self.set(thread, Some((seed, real())));
    }

    pub(crate) fn end(&self, thread: usize) {
        self.set(thread, None);
    }

    /// A seed that a thread has been living for longer than `bound`.
    pub(crate) fn stuck(&self, bound: Duration) -> Option<u64> {
        self.places.iter().find_map(|place| {
            let place = place.lock().ok()?;
            place.filter(|(_, since)| since.elapsed() > bound).map(|(seed, _)| seed)
        })
    }

    fn set(&self, thread: usize, to: Option<(u64, Instant)>) {
        if let Some(Ok(mut place)) = self.places.get(thread).map(Mutex::lock) {
            *place = to;
        }
    }
}
