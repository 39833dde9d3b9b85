//! How well a live link works.

use tokio::time::Instant;

/// How well a live link works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// Requests are answered, or nothing says otherwise.
    Healthy,
    /// The link lives, but requests get nowhere: either the probe was not answered in time, or every place with the peer has long
    /// been taken by requests that nobody waits for, so that none can be sent. The former does not close the link; the latter does,
    /// at [`SessionConfig::stuck_timeout`](crate::SessionConfig::stuck_timeout).
    Degraded {
        /// When the unanswered probe was sent, or the last place was lost.
        since: Instant,
    },
}
