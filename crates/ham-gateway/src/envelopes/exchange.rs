//! Envelopes as requests, and answers as envelopes: both lead to the same calls.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use ham_envelope::{ERROR_KIND, Envelope};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tower_service::Service as _;

use crate::auth::{Admitted, Identity};
use crate::kind::Kind;
use crate::problem::Problem;
use crate::words;

/// Sends requests to the gateway's own addresses.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    asked: Router,
    identity: Option<Admitted>,
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// JSON.
    pub(super) body: Box<RawValue>,
}

impl Exchange {
    pub(super) fn new(asked: Router) -> Self {
        Self { asked, identity: None }
    }

    /// On behalf of a caller that was admitted.
    pub(super) fn of(mut self, identity: Arc<Identity>) -> Self {
        self.identity = Some(Admitted(identity));
        self
    }

    /// Makes the request and returns its answer.
    ///
    /// # Errors
    /// A problem, for the client.
    ///
    /// # Cancel safety
    /// That of the request itself.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Option<&RawValue>,
    ) -> Result<Answer, Map<String, Value>> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            let Ok(value) = HeaderValue::from_str(value) else {
                let kind =
                    if *name == "idempotency-key" { Kind::BadIdempotencyKey } else { Kind::BadRequest };
                return Err(refused(kind, "it holds characters that are not visible ASCII"));
            };
            request = request.header(*name, value);
        }
        if let Some(admitted) = &self.identity {
            request = request.extension(admitted.clone());
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.get().to_owned())
            }
            None => Body::empty(),
        };
        let request = request.body(body).map_err(|error| plain(&error.to_string()))?;
        let Ok(response) = self.asked.clone().call(request).await;
        answer(response).await
    }
}

/// A problem that did not come from a request.
fn refused(kind: Kind, why: &str) -> Map<String, Value> {
    let text = Problem::new(kind, why).json("");
    serde_json::from_str(&text).unwrap_or_else(|_| plain(why))
}

async fn answer(response: Response) -> Result<Answer, Map<String, Value>> {
    let (head, body) = response.into_parts();
    let unreadable = || plain("the answer is not JSON");
    let body = to_bytes(body, usize::MAX).await.map_err(|_| unreadable())?;
    let text = String::from_utf8(body.into()).map_err(|_| unreadable())?;
    if !head.status.is_success() {
        return Err(serde_json::from_str(&text).unwrap_or_else(|_| plain(&text)));
    }
    let body = RawValue::from_string(text).map_err(|_| unreadable())?;
    Ok(Answer { status: head.status, headers: head.headers, body })
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A path of these parts, whatever characters they contain.
pub(super) fn path(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{}", utf8_percent_encode(part, NON_ALPHANUMERIC))).collect()
}

/// An answer with this payload.
pub(super) fn reply(request: &Envelope, kind: &str, payload: impl Serialize) -> Envelope {
    let answer = request.reply(kind);
    answer.clone().with_payload(payload).unwrap_or(answer)
}

/// An envelope with the answer to a request, if it fits into a frame. If it does not, the envelope still says how the
/// call ended.
pub(super) fn fitting(request: &Envelope, kind: &str, payload: impl Serialize, answer: &Answer) -> Envelope {
    if answer.body.get().len() <= MOST_ANSWER {
        return reply(request, kind, payload);
    }
    let mut problem = Map::new();
    problem.insert("title".to_owned(), "The answer is larger than an envelope may be".into());
    problem.insert("detail".to_owned(), "ask for it over HTTP".into());
    if let Some(outcome) = answer.header("ham-outcome") {
        problem.insert("outcome".to_owned(), outcome.into());
        problem.insert("settled".to_owned(), true.into());
    }
    if let Some(id) = answer.header("ham-call-id") {
        problem.insert("call_id".to_owned(), id.into());
    }
    failed(request, problem)
}

/// The answer for a failure: the problem, with its words as `message`.
pub(super) fn failed(request: &Envelope, mut problem: Map<String, Value>) -> Envelope {
    // A zome may say as much as it likes, and its words would be there twice.
    if let Some(Value::String(detail)) = problem.get_mut("detail") {
        *detail = words::cut(std::mem::take(detail), MOST_WORDS);
    }
    let of = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
    let message = match (of("title"), of("detail")) {
        (title, "") => title.to_owned(),
        (title, detail) => format!("{title}: {detail}"),
    };
    let mut payload = Map::new();
    payload.insert("message".to_owned(), message.into());
    payload.extend(problem);
    reply(request, ERROR_KIND, payload)
}

/// The same for a problem that did not come from a request.
pub(super) fn failure(request: &Envelope, problem: Problem) -> Envelope {
    let problem = serde_json::to_value(problem).ok().and_then(|problem| match problem {
        Value::Object(problem) => Some(problem),
        _ => None,
    });
    failed(request, problem.unwrap_or_default())
}

/// The payload of a request, or what is wrong with it. An unknown member is wrong: what it asks for would not be done.
pub(super) fn read<T: serde::de::DeserializeOwned>(request: &Envelope) -> Result<T, Problem> {
    request.payload_as().map_err(|error| {
        let wrong = ham::without_quoted(&error.source.to_string());
        let why = words::cut(format!("the payload of {}: {wrong}", request.kind), MOST_SAID);
        Problem::new(Kind::BadRequest, why)
    })
}

fn plain(words: &str) -> Map<String, Value> {
    match json!({ "title": words }) {
        Value::Object(problem) => problem,
        _ => Map::new(),
    }
}

/// Bytes of an answer: what a frame takes, minus what surrounds the answer.
pub(super) const MOST_ANSWER: usize = (1 << 20) - (16 << 10);
/// Bytes of what is said about a payload.
const MOST_SAID: usize = 1 << 10;
/// Bytes of a problem's words.
const MOST_WORDS: usize = 64 << 10;
