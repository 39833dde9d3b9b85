//! Which requests are answered: those of programs on this machine, and of the page itself. Pages of other origins could
//! make a browser send requests here, under their own name (`Origin`, `Sec-Fetch-Site`) or under a name of theirs that
//! leads here (`Host`).

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Where a server listens, and therefore by which names it may be called.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    hosts: Vec<String>,
    /// The value of `X-Frame-Options`.
    frames: &'static str,
}

impl Guard {
    pub(crate) fn of(address: SocketAddr) -> Self {
        let (port, names) = (address.port(), ["127.0.0.1", "localhost", "[::1]"]);
        let mut hosts = names.map(|name| format!("{name}:{port}")).to_vec();
        if port == HTTP {
            // Browsers omit it.
            hosts.extend(names.map(str::to_owned));
        }
        Self { hosts, frames: "DENY" }
    }

    /// The same, for a page that may have frames of its own.
    pub(crate) fn with_frames(self) -> Self {
        Self { frames: "SAMEORIGIN", ..self }
    }

    /// Why a request is not answered; `None` if it is.
    fn refuses(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let host = text(header::HOST).unwrap_or_default();
        if !self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            return Some("host-not-allowed");
        }
        let own = |origin: &str| {
            origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host))
        };
        if text(header::ORIGIN).is_some_and(|origin| !own(origin)) {
            return Some("origin-not-allowed");
        }
        match text(HeaderName::from_static("sec-fetch-site")) {
            None | Some("same-origin" | "none") => None,
            // A link that leads here shows the page, and nothing of what the page reads.
            Some(_)
                if *method == Method::GET
                    && path == "/"
                    && text(HeaderName::from_static("sec-fetch-dest")) == Some("document") =>
            {
                None
            }
            Some(_) => Some("origin-not-allowed"),
        }
    }
}

/// Answers the requests that may be answered, and says in every answer that no other page may frame it, guess its type
/// or read it.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let refused = guard.refuses(request.method(), request.uri().path(), request.headers());
    let mut response = match refused {
        Some(name) => {
            Problem::new(StatusCode::FORBIDDEN, name, "This request comes from another page").into_response()
        }
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, guard.frames),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The port of an address that has none.
const HTTP: u16 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_leave_out_port_80() {
        let names = |port| Guard::of(([127, 0, 0, 1], port).into()).hosts;
        assert!(
            names(80).contains(&"localhost".to_owned()) && names(80).contains(&"localhost:80".to_owned())
        );
        assert!(!names(81).contains(&"localhost".to_owned()));
    }

    fn refused(path: &str, headers: &[(&'static str, &str)]) -> Option<&'static str> {
        let guard = Guard::of(([127, 0, 0, 1], 7).into());
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"))
        });
        guard.refuses(&Method::GET, path, &headers.collect())
    }

    #[test]
    fn programs_and_the_page_itself_are_answered() {
        let api = "/api/dev/v1/state";
        assert_eq!(refused(api, &[("host", "127.0.0.1:7")]), None);
        assert_eq!(
            refused(
                api,
                &[
                    ("host", "LOCALHOST:7"),
                    ("origin", "http://localhost:7"),
                    ("sec-fetch-site", "same-origin")
                ]
            ),
            None
        );
        assert_eq!(
            refused(
                "/",
                &[("host", "[::1]:7"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")]
            ),
            None
        );
    }

    #[test]
    fn other_pages_and_other_names_are_refused() {
        let api = "/api/dev/v1/state";
        for host in ["rebound.example:7", "127.0.0.1:8", "127.0.0.1", ""] {
            assert_eq!(refused(api, &[("host", host)]), Some("host-not-allowed"), "{host}");
        }
        assert_eq!(refused(api, &[]), Some("host-not-allowed"));
        for origin in ["http://evil.example", "http://localhost:5173", "https://127.0.0.1:7", "null"] {
            assert_eq!(
                refused(api, &[("host", "127.0.0.1:7"), ("origin", origin)]),
                Some("origin-not-allowed"),
                "{origin}"
            );
        }
        for site in ["cross-site", "same-site", "?"] {
            assert!(refused(api, &[("host", "127.0.0.1:7"), ("sec-fetch-site", site)]).is_some(), "{site}");
        }
        assert!(
            refused(
                "/",
                &[("host", "127.0.0.1:7"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")]
            )
            .is_some()
        );
    }
}
