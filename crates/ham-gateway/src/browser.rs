//! Browsers: which pages may ask, under which host names, and what every answer tells a browser.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::Config;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::problem::Problem;

/// Answers the requests that may be answered.
pub(crate) async fn guard(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let refused = {
        let live = gateway.live();
        refused_host(&live.config, request.headers())
            .or_else(|| refused_page(&live.config, request.headers()))
    };
    match refused {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

/// Tells browsers which pages may read the answers.
pub(crate) fn cors(gateway: Arc<Gateway>) -> CorsLayer {
    let listed = move |origin: &HeaderValue, _: &http::request::Parts| {
        gateway.live().config.origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(listed))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(ASKED.map(HeaderName::from_static))
        .expose_headers(TOLD.map(HeaderName::from_static))
        .max_age(PREFLIGHT)
}

/// The headers of every answer that does not set them itself.
pub(crate) fn mark(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Whether the request names a host that is not the gateway's.
pub(crate) fn refused_host(config: &Config, headers: &HeaderMap) -> Option<Problem> {
    let host = text(headers, header::HOST).unwrap_or_default();
    let is_own = headers.get_all(header::HOST).iter().count() == 1 && is_named(&config.hosts, host);
    (!is_own).then(|| {
        Problem::new(Kind::HostNotAllowed, "it answers under addresses, `localhost` and the names in `hosts`")
    })
}

/// Whether the request comes from a page that may not ask.
pub(crate) fn refused_page(config: &Config, headers: &HeaderMap) -> Option<Problem> {
    let text = |name| text(headers, name);
    let host = text(header::HOST).unwrap_or_default();
    if let Some(origin) = text(header::ORIGIN) {
        let own = origin.split_once("://").is_some_and(|(scheme, rest)| {
            matches!(scheme, "http" | "https") && rest.eq_ignore_ascii_case(host)
        });
        if !own && !config.origins.iter().any(|known| known == origin) {
            return Some(Problem::new(Kind::OriginNotAllowed, "it is not listed in `origins`"));
        }
        return None;
    }
    // If no key is needed, a page could send requests that carry no `Origin`.
    let site = text(HeaderName::from_static("sec-fetch-site"));
    (config.dev && site.is_some_and(|site| !matches!(site, "same-origin" | "same-site" | "none")))
        .then(|| Problem::new(Kind::OriginNotAllowed, "it comes from a page of another site"))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// Whether this is a name of the gateway: a page that points a name of its own at this address has none of these.
fn is_named(hosts: &[String], host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(name))
}

/// What pages of other origins may send.
const ASKED: [&str; 10] = [
    "accept",
    "authorization",
    "content-type",
    "ham-deliver-within",
    "idempotency-key",
    "last-event-id",
    "prefer",
    "traceparent",
    "tracestate",
    "x-request-id",
];
/// What they may read besides the body.
const TOLD: [&str; 10] = [
    "ham-call-id",
    "ham-outcome",
    "idempotent-replayed",
    "last-event-id",
    "location",
    "preference-applied",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "x-request-id",
];
/// How long a browser may remember the answer to a preflight request.
const PREFLIGHT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(config: &Config, headers: &[(&'static str, &str)]) -> Option<Kind> {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let headers = headers.collect();
        let refused = refused_host(config, &headers).or_else(|| refused_page(config, &headers));
        refused.map(|problem| problem.kind())
    }

    #[test]
    fn other_names_are_refused() {
        let config = Config { hosts: vec!["gateway.example".into()], ..Config::default() };
        for host in
            ["127.0.0.1:2661", "localhost", "LOCALHOST:1", "[::1]:7", "10.1.2.3:80", "gateway.example:443"]
        {
            assert_eq!(kind(&config, &[("host", host)]), None, "{host}");
        }
        for host in
            ["", "evil.example", "gateway.example.evil", "localhost.evil:80", "127.0.0.1.evil", "x@localhost"]
        {
            assert_eq!(kind(&config, &[("host", host)]), Some(Kind::HostNotAllowed), "{host}");
        }
        assert_eq!(kind(&config, &[]), Some(Kind::HostNotAllowed));
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let config = Config { origins: vec!["https://shop.example".into()], ..Config::default() };
        let origin = |origin| kind(&config, &[("host", "localhost:2661"), ("origin", origin)]);
        for own in ["http://localhost:2661", "https://localhost:2661", "https://shop.example"] {
            assert_eq!(origin(own), None, "{own}");
        }
        for other in [
            "http://shop.example",
            "https://shop.example.evil",
            "null",
            "http://localhost:5173",
            "file://localhost:2661",
        ] {
            assert_eq!(origin(other), Some(Kind::OriginNotAllowed), "{other}");
        }
    }

    #[test]
    fn a_gateway_without_keys_answers_no_page_of_another_site() {
        let dev = Config { dev: true, ..Config::default() };
        let site = |config: &Config, site| kind(config, &[("host", "localhost"), ("sec-fetch-site", site)]);
        assert_eq!(site(&dev, "cross-site"), Some(Kind::OriginNotAllowed));
        assert_eq!(site(&dev, "none"), None);
        assert_eq!(site(&Config::default(), "cross-site"), None);
    }
}
