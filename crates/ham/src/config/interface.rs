//! Where a conductor's interfaces are, and what opens them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ham_session::{Target, shown_url};
use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::redact::Secret;

/// The `Origin` that ham sends. A conductor refuses a socket without one, even if it allows any origin.
pub const DEFAULT_ORIGIN: &str = "ham";

/// A token provider's answer.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<Secret, String>> + Send>>;

/// Where the app interface is. `Debug` shows neither credentials nor query.
#[derive(Clone)]
pub enum AppInterface {
    /// At this URL.
    Url(Url),
    /// Listed by the admin interface; attached (once, permanently) if none fits.
    Discover {
        /// The port to attach; 0 lets the conductor choose, anew at each restart.
        attach_port: u16,
        /// Only attach, never reuse: for conductors whose listed interfaces refuse us.
        force_fresh: bool,
        /// Whether an attached interface serves this app only.
        bound_to_app: bool,
    },
}

impl fmt::Debug for AppInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.debug_tuple("Url").field(&shown_url(url)).finish(),
            Self::Discover { attach_port, force_fresh, bound_to_app } => f
                .debug_struct("Discover")
                .field("attach_port", attach_port)
                .field("force_fresh", force_fresh)
                .field("bound_to_app", bound_to_app)
                .finish(),
        }
    }
}

/// Where app tokens come from.
#[derive(Clone)]
pub enum TokenSource {
    /// Issued by the admin interface, a fresh one for each dial.
    Issue,
    /// Supplied by the owner, for each dial.
    Provider(Arc<dyn Fn() -> TokenFuture + Send + Sync>),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issue => "Issue",
            Self::Provider(_) => "Provider",
        })
    }
}

/// A target on this machine.
pub(crate) fn local_target(port: u16, origin: &'static str) -> Target {
    let mut url = Url::parse("ws://localhost").expect("a constant");
    url.set_port(Some(port)).expect("ws URLs have ports");
    Target { url, headers: HeaderMap::from_iter([(http::header::ORIGIN, HeaderValue::from_static(origin))]) }
}
