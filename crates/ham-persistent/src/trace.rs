//! The names of the tracing events, and the only place that emits them. The README has the table.

use std::fmt::Display;
use std::time::Duration;

use crate::connector::Connector;
use crate::error::{Cause, Failure};
use crate::event::Event;
use crate::machine::Severity;

/// The first attempt of an outage begins.
pub const ATTEMPTING: &str = "persistent.attempting";
/// The connector said where to dial, and it is new.
pub const ADDRESS: &str = "persistent.address";
/// An attempt failed: every single one, not only those on the bus.
pub const ATTEMPT_FAILED: &str = "persistent.attempt_failed";
/// The first attempt of an outage succeeded.
pub const CONNECTED: &str = "persistent.connected";
/// An attempt succeeded after failed ones.
pub const RECONNECTED: &str = "persistent.reconnected";
/// A link ended that this side did not end.
pub const LINK_LOST: &str = "persistent.link_lost";
/// The connection is closed for good.
pub const CLOSED: &str = "persistent.closed";

/// Every name above.
pub const ALL: [&str; 7] = [ATTEMPTING, ADDRESS, ATTEMPT_FAILED, CONNECTED, RECONNECTED, LINK_LOST, CLOSED];

/// Logs at the event's level, or at debug if the owner logs it in its own words.
macro_rules! tell {
    ($quiet:expr, $level:ident, $($said:tt)+) => {
        if $quiet { tracing::debug!($($said)+) } else { tracing::$level!($($said)+) }
    };
}

pub(crate) fn announced<C: Connector>(server: &str, quiet: bool, event: &Event<C>) {
    match event {
        Event::AttemptingToConnect => tell!(quiet, info, event = ATTEMPTING, server, "connecting"),
        Event::ObtainedAddress(address) => tracing::debug!(event = ADDRESS, server, ?address, "address"),
        // For these there is more to say than the event carries; they are logged where that is known.
        Event::FailedToConnect(_) | Event::Connected(_) | Event::Disconnected => {}
    }
}

pub(crate) fn attempt_failed(server: &str, attempt: u32, severity: Severity, failure: &Failure) {
    let permanence = failure.permanence();
    match severity {
        Severity::Warn => {
            tracing::warn!(event = ATTEMPT_FAILED, server, attempt, ?permanence, error = %failure, "attempt failed");
        }
        Severity::Error => {
            tracing::error!(event = ATTEMPT_FAILED, server, attempt, ?permanence, error = %failure, "attempt failed");
        }
    }
}

pub(crate) fn connected(server: &str, quiet: bool, failures: u32) {
    if failures == 0 {
        tell!(quiet, info, event = CONNECTED, server, "connected");
    } else {
        tell!(quiet, info, event = RECONNECTED, server, failures, "connected after failures");
    }
}

pub(crate) fn link_lost(server: &str, quiet: bool, cause: &impl Display, lived: Duration) {
    tell!(quiet, warn, event = LINK_LOST, server, %cause, ?lived, "link lost");
}

pub(crate) fn closed(server: &str, quiet: bool, cause: &Cause) {
    let quiet = quiet && matches!(cause, Cause::LinkLost { .. });
    tell!(quiet, info, event = CLOSED, server, %cause, "closed");
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn the_readme_lists_every_name() {
        let readme = include_str!("../README.md");
        for name in ALL {
            assert!(readme.contains(&format!("| `{name}` |")), "{name} is missing in the README");
        }
    }
}
