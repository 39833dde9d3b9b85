//! Where to dial.

use std::fmt;

use http::HeaderMap;
use url::Url;

/// Where to dial, and the headers of the upgrade request (`Authorization`, `Origin`, …).
///
/// Header values and the URL's query and user information can be secrets, so `Debug` leaves them out.
#[derive(Clone, PartialEq)]
pub struct Target {
    /// A `ws://` or `wss://` URL.
    pub url: Url,
    /// Added to the upgrade request. The session sets `Host`, `Connection`, `Upgrade`, and the key, version and extensions of the
    /// WebSocket itself; its values win over those given here.
    pub headers: HeaderMap,
}

impl Target {
    /// A target without headers.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self { url, headers: HeaderMap::new() }
    }

    /// Adds a header, replacing an earlier one of the same name.
    #[must_use]
    pub fn with_header(mut self, name: http::HeaderName, value: http::HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// Why there is no target: whatever the closure reports.
pub type TargetError = Box<dyn std::error::Error + Send + Sync>;

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or("");
        let port = self.url.port_or_known_default().unwrap_or(0);
        let query = if self.url.query().is_some() { "?redacted" } else { "" };
        let url = format!("{}://{host}:{port}{}{query}", self.url.scheme(), self.url.path());
        let names: Vec<&str> = self.headers.keys().map(http::HeaderName::as_str).collect();
        f.debug_struct("Target").field("url", &url).field("headers", &names).finish()
    }
}
