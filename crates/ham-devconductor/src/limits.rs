//! What a call may use up.

use std::num::NonZeroU64;
use std::time::Duration;

/// What one root call may use up: a call of a client, of a schedule or of an administrator, together with everything that it starts,
/// whether awaited or not. That includes `init`, validation, the calls of its zomes, `post_commit`, and whatever remote signals run
/// on this conductor. Whatever meets a bound ends, and with it the rest of the root call; the error names the bound. Each is also a
/// flag of `ham dev`.
///
/// # Defaults
/// [`DEFAULT_FUEL`], [`DEFAULT_MEMORY`], [`DEFAULT_STAGED_BYTES`], [`DEFAULT_SIGNAL_BYTES`], [`DEFAULT_LOG_BYTES`],
/// [`DEFAULT_CALL_TIME`], [`DEFAULT_CALLS`], [`DEFAULT_CALL_DEPTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Instructions of guests, one unit each, not counting host functions. Translating a function when it is first called takes nine units per byte.
    pub fuel: NonZeroU64,
    /// Bytes of memory of all guests that run at the same time. A guest that asks for more is told that there is none.
    pub memory: u64,
    /// Bytes that are staged to be written to chains. A record counts as [`RECORD_BYTES`] more than the content that its zome gives it.
    pub staged_bytes: u64,
    /// Bytes of signals, both to clients and to agents, counted as often as each is sent. A signal counts as [`RECORD_BYTES`] more than it has.
    pub signal_bytes: u64,
    /// Bytes that zomes log, as far as the log level lets them pass.
    pub log_bytes: u64,
    /// How long all of it may run.
    pub time: Duration,
    /// Calls, of functions and of `post_commit`, and clones made.
    pub calls: u64,
    /// How many calls may wait for one another. Each takes a thread.
    pub depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: DEFAULT_FUEL,
            memory: DEFAULT_MEMORY,
            staged_bytes: DEFAULT_STAGED_BYTES,
            signal_bytes: DEFAULT_SIGNAL_BYTES,
            log_bytes: DEFAULT_LOG_BYTES,
            time: DEFAULT_CALL_TIME,
            calls: DEFAULT_CALLS,
            depth: DEFAULT_CALL_DEPTH,
        }
    }
}

impl Limits {
    /// Bounds the instructions.
    #[must_use]
    pub fn with_fuel(mut self, fuel: NonZeroU64) -> Self {
        self.fuel = fuel;
        self
    }

    /// Bounds the memory of guests, in bytes.
    #[must_use]
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Bounds what is staged, in bytes.
    #[must_use]
    pub fn with_staged_bytes(mut self, bytes: u64) -> Self {
        self.staged_bytes = bytes;
        self
    }

    /// Bounds signals, in bytes.
    #[must_use]
    pub fn with_signal_bytes(mut self, bytes: u64) -> Self {
        self.signal_bytes = bytes;
        self
    }

    /// Bounds what is logged, in bytes.
    #[must_use]
    pub fn with_log_bytes(mut self, bytes: u64) -> Self {
        self.log_bytes = bytes;
        self
    }

    /// Bounds the time.
    #[must_use]
    pub fn with_time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// Bounds the number of calls.
    #[must_use]
    pub fn with_calls(mut self, calls: u64) -> Self {
        self.calls = calls;
        self
    }

    /// Bounds how many calls may wait for one another.
    #[must_use]
    pub fn with_depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }
}

/// 10¹¹, which is what `holochain` 0.7.1 allows each single function. It counts WASM operators; here they are translated to fewer and
/// larger instructions, one unit each: measured on loops that count, store and call, 0.5 to 0.6 units per operator. Minutes of an endless loop.
pub const DEFAULT_FUEL: NonZeroU64 = NonZeroU64::new(100_000_000_000).expect("not zero");

/// 1 GiB, the static bound of each memory that `holochain` 0.7.1 creates.
pub const DEFAULT_MEMORY: u64 = 1 << 30;

/// 128 MiB: thirty of the largest entries (4 MB), or what a client's two largest requests (64 MiB) can carry. While a commit lasts,
/// it makes copies of this.
pub const DEFAULT_STAGED_BYTES: u64 = 128 << 20;

/// 64 MiB: as much as the largest message to a client, or tens of thousands of small signals.
pub const DEFAULT_SIGNAL_BYTES: u64 = 64 << 20;

/// 16 MiB, a hundred thousand lines.
pub const DEFAULT_LOG_BYTES: u64 = 16 << 20;

/// Five minutes, as long as a client's nonce is valid; clients wait that long for a call.
pub const DEFAULT_CALL_TIME: Duration = Duration::from_secs(300);

/// Many more than the records of any chain for each of which a call could be made; some tens of seconds.
pub const DEFAULT_CALLS: u64 = 100_000;

/// Zomes that call one another are two or three deep.
pub const DEFAULT_CALL_DEPTH: u32 = 32;

/// What a record or a signal counts in bytes in addition to its content: roughly what its action and its place in memory take.
pub const RECORD_BYTES: u64 = 4096;
