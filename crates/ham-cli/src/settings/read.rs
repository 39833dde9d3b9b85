//! How the texts of settings are parsed.

use std::time::Duration;

use url::Url;

pub(super) const RELEASE: &str = "one of the releases 0.6, 0.7.0, 0.7.1 or 0.8-dev";
pub(super) const URL: &str = "a ws:// or wss:// URL with a host";
pub(super) const DURATION: &str = "a time like 30 (seconds), 500ms, 1m30s or 1h, and not zero";

/// A `ws://` or `wss://` URL with a host.
pub(crate) fn websocket_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "ws" | "wss") && url.host_str().is_some()).then_some(url)
}

/// A time: a plain number is seconds, anything else has units. Not zero.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let duration = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text).ok()?,
    };
    (!duration.is_zero()).then_some(duration)
}
