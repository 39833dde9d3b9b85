//! How the outbox works.

use std::sync::Arc;
use std::time::Duration;

use ham::{Entropy, MAX_NONCE_LIFE, SystemEntropy};
use ham_persistent::{SystemWallClock, WallClock};

/// How long the answer of a sent call is listened for after its delivery deadline, on the link that carried it.
pub const DEFAULT_LINGER: Duration = Duration::from_secs(5 * 60);
/// How long an attempt of a call that nobody waits for awaits its answer before it is fenced.
pub const DEFAULT_ANSWER_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How long the nonces of journalled calls live: the longer they live, the longer an outage may be and still be
/// settled. Conductors accept 50 minutes; the rest is for clocks that disagree.
pub const DEFAULT_NONCE_LIFE: Duration = Duration::from_secs(45 * 60);
/// How long repeats of a settled call get its answer.
pub const DEFAULT_KEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// The largest output that is kept for repeats, in bytes.
pub const DEFAULT_MOST_KEPT: usize = 1 << 20;

/// How the outbox works.
///
/// # Defaults
/// [`DEFAULT_LINGER`], [`DEFAULT_ANSWER_WITHIN`], [`DEFAULT_NONCE_LIFE`], [`DEFAULT_KEEP`], [`DEFAULT_MOST_KEPT`]; lanes are on; the
/// system's clock and randomness.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutboxConfig {
    /// See [`DEFAULT_LINGER`].
    pub linger: Duration,
    /// See [`DEFAULT_ANSWER_WITHIN`].
    pub answer_within: Duration,
    /// See [`DEFAULT_NONCE_LIFE`]; at most [`MAX_NONCE_LIFE`].
    pub nonce_life: Duration,
    /// See [`DEFAULT_KEEP`].
    pub keep: Duration,
    /// See [`DEFAULT_MOST_KEPT`].
    pub most_kept: usize,
    /// Whether calls to one cell that nobody waits for go out one at a time.
    pub lanes: bool,
    /// The clock for all times that are kept.
    pub wall_clock: Arc<dyn WallClock>,
    /// Where the random part of a call's id comes from.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            linger: DEFAULT_LINGER,
            answer_within: DEFAULT_ANSWER_WITHIN,
            nonce_life: DEFAULT_NONCE_LIFE,
            keep: DEFAULT_KEEP,
            most_kept: DEFAULT_MOST_KEPT,
            lanes: true,
            wall_clock: Arc::new(SystemWallClock),
            entropy: Arc::new(SystemEntropy),
        }
    }
}

impl OutboxConfig {
    /// How long the answer of a sent call is listened for after its delivery deadline.
    #[must_use]
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// How long an attempt of a call that nobody waits for awaits its answer.
    #[must_use]
    pub fn with_answer_within(mut self, within: Duration) -> Self {
        self.answer_within = within;
        self
    }

    /// How long the nonces of journalled calls live, at most [`MAX_NONCE_LIFE`].
    #[must_use]
    pub fn with_nonce_life(mut self, life: Duration) -> Self {
        self.nonce_life = life.min(MAX_NONCE_LIFE);
        self
    }

    /// How long repeats of a settled call get its answer.
    #[must_use]
    pub fn with_keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// The largest output that is kept, in bytes.
    #[must_use]
    pub fn with_most_kept(mut self, bytes: usize) -> Self {
        self.most_kept = bytes;
        self
    }

    /// Whether calls to one cell that nobody waits for go out one at a time.
    #[must_use]
    pub fn with_lanes(mut self, lanes: bool) -> Self {
        self.lanes = lanes;
        self
    }

    /// The clock for all times that are kept. For tests: nonces expire by the connection's clock.
    #[must_use]
    pub fn with_wall_clock(mut self, clock: Arc<dyn WallClock>) -> Self {
        self.wall_clock = clock;
        self
    }

    /// Where the random part of a call's id comes from. For simulations.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }
}
