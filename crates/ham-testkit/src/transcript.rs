//! A transcript: what happened and when, one line each, to compare as a whole.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// What happened and when: lines such as `10.000 Connected`, the seconds counted from [`Transcript::new`] on tokio's
/// clock. Clones write to the same transcript.
///
/// Bounded at [`MOST_LINES`], where writing panics: a test that loops must fail, not fill the memory.
#[derive(Clone)]
pub struct Transcript {
    started: Instant,
    lines: Arc<watch::Sender<Vec<String>>>,
}

impl Transcript {
    /// An empty transcript; its clock starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now(), lines: Arc::new(watch::Sender::new(Vec::new())) }
    }

    /// Adds a line.
    ///
    /// # Panics
    /// At [`MOST_LINES`].
    pub fn note(&self, what: impl Display) {
        let line = format!("{:.3} {what}", self.started.elapsed().as_secs_f64());
        self.lines.send_modify(|lines| {
            assert!(lines.len() < MOST_LINES, "more than {MOST_LINES} lines, the last one: {line}");
            lines.push(line);
        });
    }

    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }

    /// The lines so far without their times.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        let after_time = |line: &String| line.split_once(' ').map_or("", |(_, what)| what).to_owned();
        self.lines.borrow().iter().map(after_time).collect()
    }

    /// Resolves when there are at least this many lines.
    ///
    /// # Panics
    /// After [`LONGEST_WAIT`].
    pub async fn wait_for_lines(&self, count: usize) {
        self.wait(&format!("{count} lines"), |lines| lines.len() >= count).await;
    }

    /// Resolves when there is a line with this text, not counting its time.
    ///
    /// # Panics
    /// After [`LONGEST_WAIT`].
    pub async fn wait_for(&self, what: &str) {
        let says = |line: &String| line.split_once(' ').is_some_and(|(_, said)| said == what);
        self.wait(what, |lines| lines.iter().any(says)).await;
    }

    /// Checks the whole transcript.
    ///
    /// # Panics
    /// If it is not exactly `expected`.
    #[track_caller]
    pub fn assert(&self, expected: &[&str]) {
        assert_eq!(self.lines(), expected, "transcript (left) is not as expected (right)");
    }

    async fn wait(&self, what: &str, done: impl FnMut(&Vec<String>) -> bool) {
        let mut lines = self.lines.subscribe();
        if tokio::time::timeout(LONGEST_WAIT, lines.wait_for(done)).await.is_err() {
            panic!("no {what} in {LONGEST_WAIT:?}: {self:?}");
        }
    }
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines.borrow().iter()).finish()
    }
}

/// How long a transcript waits for a line, on tokio's clock.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// How many lines a transcript holds.
pub const MOST_LINES: usize = 10_000;
