//! Who may open a WebSocket here.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use http::header::ORIGIN;

type Check = Arc<dyn Fn(&http::Request<()>) -> Result<(), StatusCode> + Send + Sync>;
type Origins = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Who may open a WebSocket here: checked before the upgrade is answered. Cheap to clone.
///
/// # Defaults
/// - No browser: a request with an `Origin` is refused with 403. A page of any site can open a WebSocket to any server that its
///   visitor can reach, loopback included, so a page must be named to be admitted.
/// - Everyone else, whatever the path and the token.
/// - `max_head`: [`DEFAULT_MAX_HEAD`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Gate {
    /// How many bytes the request may have. A larger one is answered with 431.
    pub max_head: usize,
    origins: Option<Origins>,
    check: Option<Check>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { max_head: DEFAULT_MAX_HEAD, origins: None, check: None }
    }
}

impl Gate {
    /// Sets [`max_head`](Self::max_head).
    #[must_use]
    pub fn with_max_head(mut self, bytes: usize) -> Self {
        self.max_head = bytes;
        self
    }

    /// Admits pages of these origins (`https://app.example.org`, as the browser writes it; `null` for a page without one). A client
    /// that sends no `Origin` is not a browser, and no origin is required of it.
    #[must_use]
    pub fn with_origins(mut self, allowed: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.origins = Some(Arc::new(allowed));
        self
    }

    /// Checks the request, after its origin: path, query, token. The peer is answered with the status of an `Err`; a status that is
    /// neither a client nor a server error counts as 403.
    #[must_use]
    pub fn with_check(
        mut self,
        check: impl Fn(&http::Request<()>) -> Result<(), StatusCode> + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Arc::new(check));
        self
    }

    pub(crate) fn admit(&self, request: &http::Request<()>) -> Result<(), StatusCode> {
        let allowed = |origin: &http::HeaderValue| match (&self.origins, origin.to_str()) {
            (Some(allowed), Ok(origin)) => allowed(origin),
            (Some(_), Err(_)) | (None, _) => false,
        };
        if !request.headers().get_all(ORIGIN).iter().all(allowed) {
            return Err(StatusCode::FORBIDDEN);
        }
        let error = |status: StatusCode| status.is_client_error() || status.is_server_error();
        match self.check.as_ref().map_or(Ok(()), |check| check(request)) {
            Err(status) if !error(status) => Err(StatusCode::FORBIDDEN),
            checked => checked,
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("max_head", &self.max_head)
            .field("origins", &self.origins.is_some())
            .field("check", &self.check.is_some())
            .finish()
    }
}

/// 16 KiB: a request with a token and a browser's cookies has a few.
pub const DEFAULT_MAX_HEAD: usize = 16 << 10;
