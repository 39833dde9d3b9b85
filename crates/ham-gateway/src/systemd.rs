//! What systemd is told, for units of `Type=notify-reload` with `WatchdogSec=`. Where no systemd listens, nobody is told.

use std::time::Duration;

use sd_notify::NotifyState;

/// Clients are served.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The configuration is being read again; [`ready`] ends that.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// It ends.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// It is alive: told as often as [`watchdog`] says. A conductor that is away is no reason not to be.
pub fn alive() {
    notify(&[NotifyState::Watchdog]);
}

/// How often systemd is to be told that it is alive: half of what it waits; `None` where it does not.
#[must_use]
pub fn watchdog() -> Option<Duration> {
    let mut micros = 0;
    (sd_notify::watchdog_enabled(false, &mut micros) && micros > 1).then(|| Duration::from_micros(micros / 2))
}

/// A socket that is gone is systemd's loss.
fn notify(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(false, state);
}
