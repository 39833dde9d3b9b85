//! Problems: errors in the form of RFC 9457, with the outcome of the call.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;

use crate::kind::{Kind, PROBLEMS_URL};
use crate::outbox::CallId;
use crate::outcome::Told;
use crate::retry::Retry;
use crate::words;

/// The body of an error response. In a response it is an extension: the layer over every answer writes the body,
/// because it knows the request's id.
#[derive(Clone, Debug, Serialize)]
pub struct Problem(Box<Fields>);

#[derive(Clone, Debug, Serialize)]
struct Fields {
    #[serde(rename = "type")]
    address: String,
    title: &'static str,
    status: u16,
    detail: String,
    outcome: &'static str,
    effect: &'static str,
    settled: bool,
    retry: Retry,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
    /// Where the call can be followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    /// After this the call can no longer start; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_started_after: Option<String>,
    /// Empty until the problem is written.
    request_id: String,
    #[serde(skip)]
    kind: Kind,
    #[serde(skip)]
    call_id: Option<CallId>,
    /// The policy that a key exceeded, in the form of `RateLimit-Policy`.
    #[serde(skip)]
    policy: Option<String>,
}

impl Problem {
    /// What is said about a call, in the words of its error.
    #[must_use]
    pub fn of(told: &Told, detail: String) -> Self {
        let mut problem = match told.kind {
            // These names come from the client, and nothing has such a name, so they are masked.
            Kind::RoleNotFound | Kind::ZomeNotFound | Kind::FunctionNotFound => Self::new(told.kind, detail),
            _ => Self::saying(told.kind, detail),
        };
        let fields = &mut *problem.0;
        fields.outcome = told.outcome.word();
        fields.effect = told.effect_word();
        fields.settled = told.settled;
        fields.retry = told.retry;
        fields.retry_after_s = told.retry_after.map(whole_seconds);
        fields.not_started_after = told.not_started_after.map(|at| at.to_string());
        problem
    }

    /// A refusal by the gateway itself: nothing of the call was sent. The detail may repeat what the client wrote, so
    /// it is masked and cut.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self::saying(kind, words::cut(ham::masked(&detail.into()), MOST_WORDS))
    }

    fn saying(kind: Kind, detail: String) -> Self {
        Self(Box::new(Fields {
            address: format!("{PROBLEMS_URL}#{}", kind.name()),
            title: kind.title(),
            status: kind.code(),
            detail,
            outcome: "not_run",
            effect: "nothing",
            settled: true,
            retry: kind.retry(),
            retry_after_s: None,
            call: None,
            not_started_after: None,
            request_id: String::new(),
            kind,
            call_id: None,
            policy: None,
        }))
    }

    /// The same for a request about a call that may already have been made: nothing is said about that call if nobody
    /// has looked at it.
    #[must_use]
    pub(crate) fn about_a_call(self) -> Self {
        if self.0.kind.is_before_the_call() { self.of_a_call_not_looked_at() } else { self }
    }

    /// The same, if the request may repeat a call that could not be looked at.
    #[must_use]
    pub(crate) fn of_a_call_not_looked_at(mut self) -> Self {
        (self.0.outcome, self.0.effect, self.0.settled) = ("unknown", "unknown", false);
        self
    }

    /// The same, with another remedy.
    #[must_use]
    pub(crate) fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// The same, with where the call can be followed.
    #[must_use]
    pub fn with_call(mut self, id: CallId) -> Self {
        self.0.call = Some(call_path(id));
        self.0.call_id = Some(id);
        self
    }

    /// The same for a call that nobody settles: there is nothing to wait for.
    #[must_use]
    pub fn without_call(mut self) -> Self {
        self.0.retry = Retry::Reconcile;
        self.0.retry_after_s = None;
        self
    }

    /// The same, with the time to wait first; rounded up to seconds.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after_s = Some(whole_seconds(after));
        self
    }

    /// The same, with the policy that was exceeded: `"key";q=50;w=1`, fifty per second.
    #[must_use]
    pub(crate) fn with_policy(mut self, policy: Option<String>) -> Self {
        self.0.policy = policy;
        self
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What it is about, in words.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The outcome's word: `not_run`, `unknown`, `arrived` or `answered`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        self.0.outcome
    }

    /// The value of the answer's `Retry-After`: only if the call did not run, so that a client that obeys the header
    /// never repeats a call that may have run.
    #[must_use]
    pub fn retry_after_header(&self) -> Option<u64> {
        self.0.retry_after_s.filter(|_| matches!(self.0.status, 429 | 503))
    }

    /// Its text, for the request with this id.
    #[must_use]
    pub fn json(mut self, request_id: &str) -> String {
        request_id.clone_into(&mut self.0.request_id);
        serde_json::to_string(&self).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.kind.status().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(OUTCOME, HeaderValue::from_static(self.0.outcome));
        if let Some(seconds) = self.retry_after_header() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(id) = self.0.call_id {
            headers.insert(CALL_ID, call_id(id));
        }
        if let Some(policy) = self.0.policy.as_deref().and_then(|policy| HeaderValue::from_str(policy).ok()) {
            let left = format!("\"key\";r=0;t={}", self.0.retry_after_s.unwrap_or_default());
            headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
            headers.insert(
                HeaderName::from_static("ratelimit"),
                HeaderValue::from_str(&left).unwrap_or(HeaderValue::from_static("")),
            );
        }
        if self.0.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.0.status == 426 {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Rounded up, so that nobody comes back too early.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Where a call can be followed.
pub(crate) fn call_path(id: CallId) -> String {
    format!("/api/v1/calls/{id}")
}

/// The value of [`CALL_ID`].
pub(crate) fn call_id(id: CallId) -> HeaderValue {
    HeaderValue::from_str(&id.to_string()).unwrap_or(HeaderValue::from_static(""))
}

/// The call's name.
pub(crate) const CALL_ID: HeaderName = HeaderName::from_static("ham-call-id");
/// The outcome of the call.
pub(crate) const OUTCOME: HeaderName = HeaderName::from_static("ham-outcome");
/// Bytes of what the gateway itself says.
const MOST_WORDS: usize = 4 << 10;
/// RFC 9457.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::ZERO), 0);
    }
}
