//! The id of a request, and what is added to its answer.

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use http::header::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tracing::Instrument as _;
use ulid::Ulid;

use super::trace;
use crate::browser;
use crate::metrics;
use crate::problem::{OUTCOME, Problem};

/// Gives the request an id, and writes the problem of the answer, if it has one.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let (name, began) = (name(&request), Instant::now());
    let method = request.method().clone();
    let said = method_word(&method);
    // Never the path itself or its query: they contain what the client wrote.
    let route = request.extensions().get::<MatchedPath>().cloned();
    // Repeated under its key, or asked for by its id.
    let about_a_call = request.headers().contains_key(IDEMPOTENCY_KEY)
        || route.as_ref().is_some_and(|route| route.as_str().starts_with(CALLS));
    let shown = route.as_ref().map_or("none", MatchedPath::as_str);
    // Names from OpenTelemetry's conventions for HTTP servers.
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{} {shown}", if said == OTHER { "HTTP" } else { said }),
        otel.kind = "server",
        http.request.method = said,
        http.route = shown,
        http.response.status_code = tracing::field::Empty,
        ham.outcome = tracing::field::Empty,
        request_id = name.to_str().unwrap_or_default(),
        trace_id = tracing::field::Empty,
    );
    trace::join(&span, request.headers());
    let mut response = next.run(request).instrument(span.clone()).await;
    let problem = response.extensions_mut().remove::<Problem>();
    let kind = problem.as_ref().map(|problem| problem.kind().name());
    if let Some(problem) = problem {
        let problem = if about_a_call { problem.about_a_call() } else { problem };
        response.headers_mut().insert(OUTCOME, HeaderValue::from_static(problem.outcome()));
        *response.body_mut() = Body::from(problem.json(name.to_str().unwrap_or_default()));
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, name);
    browser::mark(headers);
    let route = shown;
    let (status, took) = (response.status(), began.elapsed());
    span.record("http.response.status_code", status.as_u16());
    if let Some(outcome) = response.headers().get(OUTCOME).and_then(|outcome| outcome.to_str().ok()) {
        span.record("ham.outcome", outcome);
    }
    metrics::request(route, &method, status, took);
    let status = status.as_u16();
    span.in_scope(|| {
        tracing::debug!(event = "gateway.request", method = said, route, status, kind, ?took, "answered")
    });
    response
}

/// The client's id, if it is short and cannot be a secret, or a new one: it is logged.
fn name(request: &Request) -> HeaderValue {
    let given = request.headers().get(REQUEST_ID);
    let fits = |value: &&HeaderValue| value.to_str().is_ok_and(is_name);
    match given.filter(fits) {
        Some(name) => name.clone(),
        None => {
            HeaderValue::from_str(&Ulid::new().to_string()).unwrap_or(HeaderValue::from_static("unnamed"))
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=,".contains(&byte);
    let is_hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (1..=MOST_NAME).contains(&text.len())
        && text.bytes().all(is_plain)
        // The characters of a trace id.
        && (is_hex || ham::masked(text) == text)
}

/// A method may be any word. An unknown one is reported as OpenTelemetry prescribes.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::CONNECT => "CONNECT",
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::TRACE => "TRACE",
        _ => OTHER,
    }
}

const OTHER: &str = "_OTHER";
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The prefix of the addresses of calls.
const CALLS: &str = "/api/v1/calls/";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MOST_NAME: usize = 128;
