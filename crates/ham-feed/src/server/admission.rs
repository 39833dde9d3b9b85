//! Who is admitted.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;
use ring::digest::{SHA256, digest};
use url::form_urlencoded;

use super::guest::Guest;

/// Who is admitted.
#[derive(Clone)]
pub(super) struct Admission(Arc<Ask>);

type Ask = dyn Fn(&Parts) -> Result<Guest, StatusCode> + Send + Sync;

impl Admission {
    pub(super) fn new(ask: impl Fn(&Parts) -> Result<Guest, StatusCode> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Everyone who presents one of these.
    pub(super) fn tokens<T: AsRef<str>>(tokens: impl IntoIterator<Item = T>) -> Self {
        // Digests, so that the time of a look-up reveals nothing about the token.
        let known: HashSet<_> = tokens.into_iter().map(|token| hash(token.as_ref())).collect();
        Self::new(move |request| match token(request) {
            Some(token) if known.contains(&hash(&token)) => Ok(Guest::new("token")),
            Some(_) | None => Err(StatusCode::UNAUTHORIZED),
        })
    }

    pub(super) fn ask(&self, request: &Parts) -> Result<Guest, StatusCode> {
        (self.0)(request)
    }
}

/// Everyone.
impl Default for Admission {
    fn default() -> Self {
        Self::new(|_| Ok(Guest::new("anybody")))
    }
}

/// The token of a request: `?token=`, which is all that a browser can send, or `Authorization: Bearer`.
fn token(request: &Parts) -> Option<String> {
    let bearer = || {
        let header = request.headers.get(axum::http::header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    };
    let query = request.uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "token").map(|(_, token)| token.into_owned()).or_else(bearer)
}

fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(uri: &str, header: Option<&str>) -> Parts {
        let mut request = Request::builder().uri(uri);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn a_token_stands_in_the_query_or_in_the_header() {
        let admission = Admission::tokens(["s3 cret"]);
        let status = |uri, header| admission.ask(&parts(uri, header)).map(drop);
        assert_eq!(status("/ws?token=s3%20cret", None), Ok(()));
        assert_eq!(status("/ws", Some("bearer s3 cret")), Ok(()));
        for (uri, header) in
            [("/ws", None), ("/ws?token=", None), ("/ws?token=other", None), ("/ws", Some("Basic s3 cret"))]
        {
            assert_eq!(status(uri, header), Err(StatusCode::UNAUTHORIZED), "{uri}");
        }
        let nobody = Admission::tokens([""; 0]);
        assert!(nobody.ask(&parts("/ws?token=", None)).is_err());
        assert!(Admission::default().ask(&parts("/ws", None)).is_ok());
    }
}
