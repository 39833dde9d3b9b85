//! Notifications to systemd, for units of `Type=notify-reload` with `WatchdogSec=`. They go nowhere if systemd is not listening.

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

/// It is alive: to be sent as often as [`watchdog`] says. A conductor that is away is no reason not to send it.
pub fn alive() {
    notify(&[NotifyState::Watchdog]);
}

/// How often systemd expects [`alive`]: half of its time-out; `None` if it expects nothing.
#[must_use]
pub fn watchdog() -> Option<Duration> {
    let mut micros = 0;
    (sd_notify::watchdog_enabled(false, &mut micros) && micros > 1).then(|| Duration::from_micros(micros / 2))
}

/// If the socket is gone, systemd simply gets no notification.
fn notify(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(false, state);
}
