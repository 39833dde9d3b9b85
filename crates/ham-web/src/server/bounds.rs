//! What one connection may take.

use std::time::Duration;

/// How long and how large the input of one connection may be, and how slow its reader.
///
/// # Defaults
/// As each field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// How long a new connection may stay without a request: 10 s. Then it is closed.
    pub first_request: Duration,
    /// How long the head of a request may take, including the idle time before it: 30 s. Then the connection is closed.
    pub head: Duration,
    /// Lines of a head: 100. More is 431.
    pub head_lines: usize,
    /// Bytes of a head: 64 KiB, at least 8 KiB. More is 431.
    pub head_bytes: usize,
    /// How long a client may take to read on: 10 s. Then its connection is closed.
    pub slow_write: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            first_request: Duration::from_secs(10),
            head: Duration::from_secs(30),
            head_lines: 100,
            head_bytes: 64 << 10,
            slow_write: Duration::from_secs(10),
        }
    }
}

impl Bounds {
    /// How long a new connection may stay without a request.
    #[must_use]
    pub fn with_first_request(self, first_request: Duration) -> Self {
        Self { first_request, ..self }
    }

    /// How long a head may take, and how many lines and bytes it may have.
    #[must_use]
    pub fn with_head(self, head: Duration, head_lines: usize, head_bytes: usize) -> Self {
        Self { head, head_lines, head_bytes, ..self }
    }

    /// How long a client may take to read on.
    #[must_use]
    pub fn with_slow_write(self, slow_write: Duration) -> Self {
        Self { slow_write, ..self }
    }
}
