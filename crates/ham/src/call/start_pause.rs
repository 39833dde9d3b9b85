//! The pauses between sendings while a cell starts: short while a boot is on, long for a cell that does not start.

use std::time::Duration;

/// While a conductor boots, cells run about 0.3 s after its port accepts.
pub(crate) const START_PAUSE: Duration = Duration::from_millis(25);
/// For how long the short pause holds.
const START_EAGER: Duration = Duration::from_secs(3);
/// The pause after that.
const START_PAUSE_LONG: Duration = Duration::from_millis(500);

/// The pause after so long a wait.
pub(crate) fn start_pause(waited: Duration) -> Duration {
    if waited < START_EAGER { START_PAUSE } else { START_PAUSE_LONG }
}
