//! The pauses between sends while a cell starts: short during a boot, long for a cell that does not start.

use std::time::Duration;

/// The pause at first: while a conductor boots, cells run about 0.3 s after its port accepts connections.
pub(crate) const START_PAUSE: Duration = Duration::from_millis(25);
/// How long the short pause applies.
const START_EAGER: Duration = Duration::from_secs(3);
/// The pause after that.
const START_PAUSE_LONG: Duration = Duration::from_millis(500);

/// The pause after waiting this long.
pub(crate) fn start_pause(waited: Duration) -> Duration {
    if waited < START_EAGER { START_PAUSE } else { START_PAUSE_LONG }
}
