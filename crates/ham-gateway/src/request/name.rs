//! The name of a request, and what is written on its answer.

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

/// Names the request, and writes the answer's problem, if it is one.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let (name, began) = (name(&request), Instant::now());
    let method = request.method().clone();
    let said = method_word(&method);
    // Never the path itself, nor its query: they are the client's words.
    let route = request.extensions().get::<MatchedPath>().cloned();
    // Repeated under its key, or asked for by its name.
    let about_a_call = request.headers().contains_key(IDEMPOTENCY_KEY)
        || route.as_ref().is_some_and(|route| route.as_str().starts_with(CALLS));
    let shown = route.as_ref().map_or("none", MatchedPath::as_str);
    // Names as OpenTelemetry has them for HTTP servers.
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

/// The client's, where it is a short name that can be no secret, or a new one: it is logged.
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
        // What the id of a trace is made of.
        && (is_hex || ham::masked(text) == text)
}

/// A method may be any word. One that is not known is told as OpenTelemetry has it.
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
/// Where one call is asked for.
const CALLS: &str = "/api/v1/calls/";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MOST_NAME: usize = 128;
