//! What a session with a conductor needs: its own bounds, time-outs and pauses.

use std::num::NonZeroUsize;
use std::time::Duration;

use ham_persistent::{Exponential, Jitter, Patience, RetryDelay};
use ham_session::SessionConfig;

/// How long an admin request may take, dialling included: installing compiles WebAssembly.
pub const DEFAULT_ADMIN_TIMEOUT: Duration = Duration::from_secs(60);
/// Calls on one link at a time. A conductor stops reading a socket at 128 (`holochain` 0.7.1).
pub const DEFAULT_MAX_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(96).expect("96 is not zero");
/// The most calls on one link at a time: a conductor that has 128 requests in process stops reading, pings included (`holochain`
/// 0.7.1), and the probe needs a place besides the calls.
pub const MOST_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(126).expect("126 is not zero");
/// The largest frame a conductor reads (`holochain_websocket` 0.7.1).
pub const MAX_FRAME_SIZE: usize = 16 << 20;
/// A conductor pings every 5 s, even when it is wedged; three missed pings mean it is gone.
pub const DEFAULT_SILENCE_BOUND: Duration = Duration::from_secs(15);
/// Once a call has been outstanding for longer than this, ham asks for the app info; without an answer the link is degraded.
pub const DEFAULT_DEGRADED_AFTER: Duration = Duration::from_secs(30);

/// First pause after a failed attempt.
pub const RECONNECT_INITIAL: Duration = Duration::from_millis(100);
/// Longest pause in the first minute of an outage.
pub const RECONNECT_MAX_EARLY: Duration = Duration::from_secs(1);
/// How long an outage counts as early.
pub const RECONNECT_EARLY: Duration = Duration::from_secs(60);
/// Longest pause after that.
pub const RECONNECT_MAX: Duration = Duration::from_secs(30);
/// In both directions, so that many services do not dial in step; small, so that a port that returns is found within about a second.
pub const RECONNECT_JITTER: Jitter = Jitter::percent(10);

/// The pauses between attempts: [`RECONNECT_INITIAL`] doubling to [`RECONNECT_MAX_EARLY`] for the first
/// [`RECONNECT_EARLY`] of an outage, then to [`RECONNECT_MAX`]. A link that did not last ten seconds counts as a failed
/// attempt ([`ResetRule`](crate::ResetRule)).
pub fn default_retry() -> RetryDelay {
    Exponential::new(RECONNECT_INITIAL, RECONNECT_MAX)
        .with_jitter(RECONNECT_JITTER)
        .with_patience(Patience { cap: RECONNECT_MAX_EARLY, lasts: RECONNECT_EARLY })
        .into()
}

/// The session defaults for conductors.
pub fn conductor_session() -> SessionConfig {
    SessionConfig::default()
        .with_max_in_flight(DEFAULT_MAX_IN_FLIGHT)
        .with_max_send_size(MAX_FRAME_SIZE)
        .with_silence_bound(Some(DEFAULT_SILENCE_BOUND))
        .with_degraded_after(Some(DEFAULT_DEGRADED_AFTER))
}

#[cfg(test)]
mod tests {
    use ham_persistent::ResetRule;

    use super::*;

    /// Case: a link that was dropped after 0.2 s was redialled at once, 95 times in 20 s, with a new token each time.
    #[test]
    fn a_link_that_did_not_last_is_a_failed_attempt() {
        let RetryDelay::Exponential(retry) = default_retry() else { panic!("it grows") };
        assert!(matches!(retry.reset, ResetRule::AfterStable(least) if least >= Duration::from_secs(10)));
    }
}
