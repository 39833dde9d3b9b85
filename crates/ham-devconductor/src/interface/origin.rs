//! Which origins are admitted. A browser sends that of the page, whoever wrote the page; other programs send what they like.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use holochain_types::websocket::AllowedOrigins;
use url::{Host, Url};

/// The origins of pages from elsewhere that are admitted if an interface admits any. A page of any site can reach a port of this
/// machine, and read private entries there.
pub(crate) type Foreign = Arc<BTreeSet<String>>;

/// Stands for all of them.
const ALL: &str = "*";

/// The origins that one interface admits.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    allowed: AllowedOrigins,
    foreign: Foreign,
}

impl Origins {
    pub(super) fn new(allowed: AllowedOrigins, foreign: Foreign) -> Self {
        Self { allowed, foreign }
    }

    pub(super) fn admit(&self, origin: &str) -> bool {
        match &self.allowed {
            AllowedOrigins::Origins(listed) => listed.contains(origin),
            AllowedOrigins::Any => {
                is_near(origin) || self.foreign.contains(origin) || self.foreign.contains(ALL)
            }
        }
    }
}

/// Whether it is not a page, or is a page of this machine. No browser sends a name without a scheme; browsers send `null` for pages
/// that have no origin: sandboxed ones, and some files.
fn is_near(origin: &str) -> bool {
    if !origin.contains("://") {
        return !origin.is_empty()
            && !origin.eq_ignore_ascii_case("null")
            && !origin.contains([':', '/', '\\']);
    }
    let Ok(url) = Url::parse(origin) else { return false };
    // An origin is a scheme, a host and a port, and nothing else that could be taken for a host.
    let bare =
        origin.split_once("://").is_some_and(|(_, place)| !place.contains(['/', '\\', '@', '%', '?', '#']));
    if !bare {
        return false;
    }
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_from_elsewhere_are_let_in_where_they_are_named() {
        let any = |foreign: &[&str]| {
            let foreign = foreign.iter().map(|&origin| origin.to_owned()).collect();
            Origins::new(AllowedOrigins::Any, Arc::new(foreign))
        };
        for near in [
            "ham",
            "my-app",
            "http://localhost",
            "http://localhost:8080",
            "https://app.localhost",
            "http://127.0.0.1:1",
            "http://127.8.8.8",
            "http://[::1]:80",
            "tauri://localhost",
        ] {
            assert!(any(&[]).admit(near), "{near}");
        }
        for far in [
            "",
            "null",
            "file://",
            "file:///home/page.html",
            "https://example.org",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://0.0.0.0",
            "http://192.168.1.1",
            "chrome-extension://abc",
            "https://",
            "NULL",
            "FILE:x",
            "//example.org",
            "https:example.org",
            "example.org:80",
            "http://example.org@localhost",
            "http://localhost\\\\.example.org",
            "http://localhost/example.org",
        ] {
            assert!(!any(&[]).admit(far), "{far}");
            assert!(any(&[far]).admit(far) && any(&["*"]).admit(far), "{far}");
        }
        assert!(!any(&["https://example.org"]).admit("https://other.example.org"));
        let listed = AllowedOrigins::Origins(["https://example.org".to_owned()].into());
        let listed = Origins::new(listed, Foreign::default());
        assert!(listed.admit("https://example.org") && !listed.admit("http://localhost"));
    }
}
