//! One call, made as the equivalent HTTP request, so that rights, lanes and the outbox are the same.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_nats::service::{NATS_SERVICE_ERROR, NATS_SERVICE_ERROR_CODE, Request};
use async_nats::{Client, HeaderMap, Message};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use ham::Effect;
use ham_web::Peer;
use holochain_zome_types::prelude::Timestamp;
use http::{HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tower_service::Service as _;

use super::subject::Subjects;
use crate::auth::Admitted;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::metrics;
use crate::outbox::CallId;
use crate::outcome::{KeyFate, OutcomeWord, Told};
use crate::problem::{CALL_ID, Problem};
use crate::retry::Retry;

/// Answers calls.
pub(super) struct CallHandler {
    gateway: Arc<Gateway>,
    asked: Router,
    subjects: Subjects,
    client: Client,
}

/// The answer, as it goes over NATS.
struct Answer {
    status: http::StatusCode,
    headers: http::HeaderMap,
    body: Bytes,
}

impl CallHandler {
    /// `asked` answers everything that can be asked for over HTTP.
    pub(super) fn new(gateway: &Arc<Gateway>, asked: Router, subjects: Subjects, client: Client) -> Self {
        Self { gateway: Arc::clone(gateway), asked, subjects, client }
    }

    /// Makes the call, and sends its answer.
    pub(super) async fn answer(&self, request: Request) {
        let answer = match self.request(&request.message) {
            Ok(asked) => {
                let Ok(response) = self.asked.clone().call(asked).await;
                Answer::of(response).await
            }
            Err(problem) => Answer::of(self.written(problem)).await,
        };
        self.tell(&request, answer).await;
    }

    /// Answers that there are too many calls.
    pub(super) async fn refuse(&self, request: Request) {
        let problem = Problem::new(Kind::QuotaExceeded, "as many calls are made over NATS as may be")
            .with_retry_after(Duration::from_secs(1));
        // Under a key it may have been made before, and nobody has looked.
        let keyed = is_named(&request.message, "idempotency-key");
        let problem = if keyed { problem.about_a_call() } else { problem };
        self.tell(&request, Answer::of(self.written(problem)).await).await;
    }

    /// The equivalent HTTP request.
    fn request(&self, message: &Message) -> Result<http::Request<Body>, Problem> {
        let bad = |why: String| Problem::new(Kind::BadRequest, why);
        let [app, role, zome, function] = self
            .subjects
            .called(&message.subject)
            .ok_or_else(|| {
                bad("the subject ends in app, role, zome and function, each percent-encoded".into())
            })?
            .map(|name| utf8_percent_encode(&name, NON_ALPHANUMERIC).to_string());
        let path = format!("/api/v1/apps/{app}/roles/{role}/zomes/{zome}/fns/{function}");
        let mut request = http::Request::builder().method(http::Method::POST).uri(path);
        let mut shows_key = false;
        for (name, values) in message.headers.iter().flat_map(HeaderMap::iter) {
            let name: &str = name.as_ref();
            // NATS does not normalise the case of header names.
            let Some(name) = ASKED.iter().copied().find(|known| name.eq_ignore_ascii_case(known)) else {
                continue;
            };
            shows_key |= name == "authorization";
            for value in values {
                let value = HeaderValue::from_str(value.as_str())
                    .map_err(|_| bad(format!("the header {name} has a value that is none")))?;
                request = request.header(name, value);
            }
        }
        let typed = request.headers_ref().is_some_and(|headers| headers.contains_key(header::CONTENT_TYPE));
        if !typed && !message.payload.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if !shows_key && let Some(identity) = self.identity() {
            request = request.extension(identity);
        }
        // Wrong keys are slowed down as those of one address: NATS gives no other.
        request = request.extension(Peer(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))));
        request.body(Body::from(message.payload.clone())).map_err(|error| bad(error.to_string()))
    }

    /// The identity of calls without a key.
    fn identity(&self) -> Option<Admitted> {
        let live = self.gateway.live();
        let id = live.config.nats.calls_as.as_deref()?;
        live.keys.of_id(id, Timestamp::now()).cloned().map(Admitted)
    }

    /// A problem that did not come from an HTTP request.
    fn written(&self, problem: Problem) -> axum::response::Response {
        let text = problem.clone().json("");
        let mut response = problem.into_response();
        *response.body_mut() = text.into();
        response
    }

    async fn tell(&self, request: &Request, answer: Answer) {
        let fits = answer.body.len() + ROOM_FOR_HEADERS <= self.client.max_payload();
        let answer = if fits { answer } else { Answer::of(self.written(answer.too_large())).await };
        metrics::nats_call(answer.status);
        let mut headers = HeaderMap::new();
        headers.insert("Ham-Status", answer.status.as_str());
        for name in TOLD {
            if let Some(value) = answer.headers.get(name).and_then(|value| value.to_str().ok()) {
                headers.insert(name, value);
            }
        }
        if !answer.status.is_success() {
            headers.insert(NATS_SERVICE_ERROR_CODE, answer.status.as_str());
            headers.insert(NATS_SERVICE_ERROR, answer.status.canonical_reason().unwrap_or("error"));
        }
        // A caller that has left, or gave no reply subject, learns it under the call's key.
        let _ = request.respond_with_headers(Ok(answer.body), headers).await;
    }
}

impl Answer {
    async fn of(response: axum::response::Response) -> Self {
        let (head, body) = response.into_parts();
        // It is made in this process, and complete.
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        Self { status: head.status, headers: head.headers, body }
    }

    /// What became of the call, if the answer itself is too large.
    fn too_large(&self) -> Problem {
        let told = Told {
            kind: Kind::AnswerNotKept,
            outcome: OutcomeWord::Answered,
            effect: Effect::Unknown,
            settled: true,
            retry: Retry::Fix,
            retry_after: None,
            key: KeyFate::Kept,
            not_started_after: None,
        };
        let problem =
            Problem::of(&told, "it is larger than a message of NATS may be: ask for it over HTTP".into());
        let id = self.headers.get(CALL_ID).and_then(|id| CallId::parse(id.to_str().ok()?));
        match id {
            Some(id) => problem.with_call(id),
            None => problem,
        }
    }
}

/// Whether a message has a header, regardless of case.
fn is_named(message: &Message, name: &str) -> bool {
    let mut headers = message.headers.iter().flat_map(HeaderMap::iter);
    headers.any(|(known, _)| AsRef::<str>::as_ref(known).eq_ignore_ascii_case(name))
}

/// Headers that are passed on to the call.
const ASKED: [&str; 8] = [
    "accept",
    "authorization",
    "content-type",
    "ham-deliver-within",
    "idempotency-key",
    "prefer",
    "traceparent",
    "x-request-id",
];
/// Headers of its answer that are passed on.
const TOLD: [&str; 8] = [
    "Content-Type",
    "Ham-Call-Id",
    "Ham-Outcome",
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "X-Request-Id",
];
/// Approximate upper bound of the bytes of an answer's headers.
const ROOM_FOR_HEADERS: usize = 4 << 10;
