//! A call of the outbox, in answers.

use std::time::{Duration, UNIX_EPOCH};

use axum::response::{IntoResponse as _, Response};
use ham::Effect;
use http::HeaderValue;
use serde_json::{Value, json};

use super::answer;
use crate::headers::Form;
use crate::kind::Kind;
use crate::outbox::machine::State;
use crate::outbox::{Call, Stored};
use crate::outcome::{KeyFate, OutcomeWord, Told};
use crate::problem::{CALL_ID, Problem, call_id};
use crate::retry::Retry;

/// The answer for a settled call.
pub(super) fn answer(call: &Call, form: Form) -> Response {
    let mut response = match &call.answer {
        Some(Stored::Output(output)) => answer::output(output.to_vec(), form),
        Some(Stored::Problem { told, detail }) => Problem::of(told, detail.clone()).into_response(),
        Some(Stored::NotKept) => {
            Problem::of(&NOT_KEPT, "it is larger than what is kept".into()).into_response()
        }
        // The caller has checked that it is settled.
        None => Problem::new(Kind::Internal, "the call has no answer").into_response(),
    };
    response.headers_mut().insert(CALL_ID, call_id(call.id));
    response
}

/// The call, without its output or problem.
pub(super) fn row(call: &Call) -> Value {
    let (outcome, effect) = match &call.answer {
        Some(answer) => (Some(answer.outcome().word()), effect(answer)),
        None => (None, None),
    };
    json!({
        "id": call.id.to_string(),
        "app": call.app,
        "role": call.role,
        "zome": call.zome,
        "fn": call.function,
        "key": call.api_key,
        "idempotency_key": call.key,
        "state": state(call),
        "outcome": outcome,
        "why": why(call),
        "effect": effect,
        "accepted_at": time(Some(call.accepted_at)),
        "deliver_until": time(Some(call.deliver_until)),
        "not_started_after": time(call.not_started_after),
        "attempts": call.record.attempts(),
        "settled_at": time(call.settled_at),
        "kept_until": time(call.keep_until),
    })
}

/// The call, with its output or its problem.
pub(super) fn whole(call: &Call) -> Value {
    let mut shown = row(call);
    let (name, value) = match &call.answer {
        Some(Stored::Output(output)) => ("answer", ham_json::shown(output)),
        Some(Stored::NotKept) => ("problem", problem(&NOT_KEPT, "it is larger than what is kept")),
        Some(Stored::Problem { told, detail }) => ("problem", problem(told, detail)),
        None => return shown,
    };
    if let Some(fields) = shown.as_object_mut() {
        fields.insert(name.into(), value);
    }
    shown
}

fn problem(told: &Told, detail: &str) -> Value {
    let mut problem = serde_json::to_value(Problem::of(told, detail.to_owned())).unwrap_or_default();
    if let Some(fields) = problem.as_object_mut() {
        // No request belongs to it.
        fields.remove("request_id");
    }
    problem
}

/// What a problem says about this call.
fn why(call: &Call) -> Option<&str> {
    match &call.answer {
        Some(Stored::Problem { detail, .. }) => Some(detail),
        _ => None,
    }
}

fn effect(answer: &Stored) -> Option<&'static str> {
    match answer {
        Stored::Output(_) | Stored::NotKept => None,
        Stored::Problem { told, .. } => Some(told.effect_word()),
    }
}

fn state(call: &Call) -> &'static str {
    match call.record.state() {
        State::Queued => "queued",
        State::Signed => "signed",
        State::Fencing => "fencing",
        State::Settled(_) => "settled",
    }
}

/// RFC 3339, in UTC.
fn time(at: Option<i64>) -> Option<String> {
    let since = Duration::from_millis(u64::try_from(at?).ok()?);
    Some(humantime::format_rfc3339_millis(UNIX_EPOCH.checked_add(since)?).to_string())
}

/// The problem for a call whose output was too large to be kept.
const NOT_KEPT: Told = Told {
    kind: Kind::AnswerNotKept,
    outcome: OutcomeWord::Answered,
    effect: Effect::Unknown,
    settled: true,
    retry: Retry::Reconcile,
    retry_after: None,
    key: KeyFate::Kept,
    not_started_after: None,
};

/// The value of a header that means yes.
pub(super) const TRUE: HeaderValue = HeaderValue::from_static("true");
