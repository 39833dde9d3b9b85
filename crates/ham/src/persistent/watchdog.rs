//! Reports the state of the connection to systemd, for services of `Type=notify` with `WatchdogSec=`.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

use super::handle::PersistentHam;
use crate::link::HamState;

/// Tells systemd `READY` once the link is live, describes the state whenever it changes, and feeds the watchdog while the link is
/// live or has been away for no longer than `grace_period`. Resolves when the connection is closed; if no systemd listens, it tells
/// nobody, and resolves then too.
///
/// Run it beside the service's own work: `tokio::select!` or a task of the service.
///
/// # Cancel safety
/// Cancel-safe: dropping it stops the notifications, so systemd's watchdog is no longer fed.
pub async fn notify_systemd(ham: &PersistentHam, grace_period: Duration) {
    let mut state = ham.state();
    let mut ready = false;
    let mut lost_at = Instant::now();
    let feed = watchdog_interval();
    loop {
        let now = state.get();
        if matches!(now, HamState::Live { degraded: None, .. }) {
            if !ready {
                notify(&[NotifyState::Ready]);
                ready = true;
            }
            lost_at = Instant::now();
        }
        notify(&[NotifyState::Status(&status(&now))]);
        if lost_at.elapsed() <= grace_period {
            notify(&[NotifyState::Watchdog]);
        }
        if matches!(now, HamState::Closed { .. }) {
            notify(&[NotifyState::Stopping]);
            return;
        }
        tokio::select! {
            biased;
            changed = state.changed() => if changed.is_none() { return },
            () = tokio::time::sleep_until(Instant::now() + feed) => {}
        }
    }
}

/// Half of what systemd allows, as its manual advises; a minute if there is no watchdog.
fn watchdog_interval() -> Duration {
    let mut micros = 0;
    if sd_notify::watchdog_enabled(false, &mut micros) && micros > 1 {
        Duration::from_micros(micros / 2)
    } else {
        Duration::from_secs(60)
    }
}

/// The state in one line: to systemd, whatever follows a line feed is another assignment, and a cause can quote the conductor.
fn status(state: &HamState) -> String {
    state.to_string().replace(|c: char| c.is_control(), " ")
}

/// The absence of systemd is not an error.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, state) {
        tracing::debug!(%error, "systemd was not told");
    }
}

#[cfg(test)]
mod tests {
    use ham_persistent::Cause;

    use super::*;

    #[test]
    fn a_status_is_one_line_whatever_a_cause_quotes() {
        let cause = Cause::LinkLost { text: "refused\nMAINPID=1\r\n".into() };
        assert_eq!(status(&HamState::Closed { cause }), "closed: link lost: refused MAINPID=1  ");
    }
}
