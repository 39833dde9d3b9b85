//! What happened in a life, with its simulated times.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::dice::mixed;

/// One thing that happened. `Display` gives its text in the transcript, and `Hash` is used to compare two runs of a seed, so neither
/// includes an address, a process id or a real time.
pub(crate) trait Event: Hash + fmt::Display + fmt::Debug + Send + 'static {
    /// Who did it: `p1.t2`, `link 3`, `conductor`.
    fn actor(&self) -> Cow<'static, str>;

    /// If several of these can happen in one millisecond in an order that nothing determines (which waiter for the same thing is
    /// woken first): the position among them. They come after everything else of that millisecond.
    fn unordered(&self) -> Option<u64> {
        None
    }
}

/// An event and its time.
#[derive(Debug)]
pub(crate) struct Entry<E> {
    /// Simulated time since the life began.
    pub(crate) at: Duration,
    /// What happened.
    pub(crate) event: E,
}

/// Everything that happened in a life, in order.
#[derive(Debug)]
pub(crate) struct History<E> {
    /// The events.
    pub(crate) entries: Vec<Entry<E>>,
    /// What ham logged, if requested: after how many of the events, and the line.
    pub(crate) log: Vec<(usize, String)>,
}

impl<E: Event> History<E> {
    /// A number that equal histories share. The log is not part of it.
    #[must_use]
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = Fold { state: self.entries.len() as u64 };
        for entry in &self.entries {
            hasher.write_u128(entry.at.as_nanos());
            entry.event.hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// Records what happens in a life; everyone who takes part in it has a clone.
pub(crate) struct Recorder<E> {
    inside: Arc<Mutex<Inside<E>>>,
    began: Instant,
}

struct Inside<E> {
    entries: Vec<Entry<E>>,
    log: Vec<(usize, String)>,
    over: bool,
}

impl<E> Recorder<E> {
    /// An empty one, whose time begins now.
    #[must_use]
    pub(crate) fn new() -> Self {
        let inside = Inside { entries: Vec::new(), log: Vec::new(), over: false };
        Self { inside: Arc::new(Mutex::new(inside)), began: Instant::now() }
    }

    /// Records an event at the current time. After the end of the life it records nothing: what is dropped with the runtime has no
    /// simulated time any more.
    pub(crate) fn note(&self, event: E) {
        let mut inside = self.lock();
        if !inside.over {
            let at = self.now();
            inside.entries.push(Entry { at, event });
        }
    }

    /// Records a line of ham's own log.
    pub(crate) fn note_log(&self, line: String) {
        let mut inside = self.lock();
        if !inside.over {
            let after = inside.entries.len();
            inside.log.push((after, line));
        }
    }

    /// Looks at what has been recorded so far: the events, and the lines of the log, each with the number of events before it.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&[Entry<E>], &[(usize, String)]) -> T) -> T {
        let inside = self.lock();
        look(&inside.entries, &inside.log)
    }

    /// Simulated time since the life began.
    #[must_use]
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, Inside<E>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Event> Recorder<E> {
    pub(crate) fn end(&self) -> History<E> {
        let mut inside = self.lock();
        inside.over = true;
        let (mut entries, log) = (std::mem::take(&mut inside.entries), std::mem::take(&mut inside.log));
        if entries.iter().any(|entry| entry.event.unordered().is_some()) {
            entries.sort_by_key(|entry| (entry.at, entry.event.unordered()));
        }
        History { entries, log }
    }
}

impl<E> Default for Recorder<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Clone for Recorder<E> {
    fn clone(&self) -> Self {
        Self { inside: Arc::clone(&self.inside), began: self.began }
    }
}

impl<E> fmt::Debug for Recorder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

/// A hasher whose result is the same in every process and build.
struct Fold {
    state: u64,
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.state = mixed(self.state.rotate_left(5) ^ word.wrapping_add(0x9e37_79b9_7f4a_7c15));
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
