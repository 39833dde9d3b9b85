//! Which pages a browser may open the feed from.

use std::sync::Arc;

use url::{Host, Url};

/// Which pages a browser may open the feed from.
#[derive(Clone)]
pub(super) struct Origins(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Origins {
    pub(super) fn new(allowed: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(allowed))
    }

    pub(super) fn allow(&self, origin: &str) -> bool {
        (self.0)(origin)
    }
}

/// The pages of this machine.
impl Default for Origins {
    fn default() -> Self {
        Self::new(is_local)
    }
}

fn is_local(origin: &str) -> bool {
    let Ok(url) = Url::parse(origin) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_told_from_others() {
        for local in ["http://localhost", "https://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:1"]
        {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "https://example.org",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://192.168.0.1",
            "file://",
            "null",
            "",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }
}
