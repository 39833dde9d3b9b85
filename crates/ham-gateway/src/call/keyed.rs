//! Calls under a key: the outbox makes each once, however often it is asked for.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use ham::Effect;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use tokio::time::Instant;

use super::request::CallRequest;
use super::shown::{self, TRUE};
use crate::apps::Ended;
use crate::gateway::Gateway;
use crate::headers::IdempotencyKey;
use crate::kind::Kind;
use crate::metrics;
use crate::outbox::{CallId, Followed, Outbox, StoreError, Stored, Submission, SubmitError, Submitted};
use crate::outcome::{KeyFate, OutcomeWord, Told};
use crate::problem::{CALL_ID, Problem, call_id, call_path};
use crate::retry::Retry;

/// Makes the call, joins it if it is under way, or answers with how it ended.
pub(super) async fn call(
    gateway: &Gateway,
    request: &CallRequest,
    key: &IdempotencyKey,
) -> Result<Response, Problem> {
    let outbox = outbox(gateway)?;
    let (began, counter) = (Instant::now(), request.app.stats.calls().begun());
    let until = began + request.waits_for();
    // A call that nobody waits for is on disk once this answers; if the disk has failed, that may take long.
    let deadline = until.max(began + request.wait) + GRACE;
    let submitted = tokio::time::timeout_at(deadline, outbox.submit(submission(request, key))).await;
    let submitted = submitted.map_err(|_| not_written())?;
    counted(&submitted);
    let mut following = match submitted.map_err(|why| refused(&why))? {
        Submitted::New(following) | Submitted::Joined(following) => following,
        Submitted::Replayed(call) => {
            let mut response = shown::answer(&call, request.form);
            response.headers_mut().insert(REPLAYED, TRUE);
            return Ok(response);
        }
    };
    // A call that ends together with the wait is answered with its end.
    let grace = if request.respond_async { Duration::ZERO } else { GRACE };
    match following.until(until + grace).await {
        Followed::Settled(call) => {
            let outcome = call.answer.as_ref().map_or("unknown", |answer| answer.outcome().word());
            let mode = if request.respond_async { "async" } else { "keyed" };
            metrics::call(&request.app.id, mode, outcome, began.elapsed());
            if let Some(Stored::Problem { told, .. }) = &call.answer {
                request.app.refused(told.kind);
            }
            let answer = shown::answer(&call, request.form);
            let failed = answer.status().is_client_error() || answer.status().is_server_error();
            counter.ended(if failed { Ended::of(outcome) } else { Ended::Answered });
            Ok(answer)
        }
        Followed::Refused(why) => Err(refused(&why)),
        Followed::Open if request.respond_async => {
            let written = tokio::time::timeout_at(deadline, following.on_disk()).await;
            written.map_err(|_| open(following.id()))?.map_err(|why| refused(&why))?;
            Ok(accepted(following.id()))
        }
        Followed::Open => Err(open(following.id())),
    }
}

fn counted(submitted: &Result<Submitted, SubmitError>) {
    match submitted {
        Ok(Submitted::New(_)) => metrics::idempotency("new"),
        Ok(Submitted::Joined(_)) => metrics::idempotency("joined"),
        Ok(Submitted::Replayed(_)) => metrics::idempotency("replayed"),
        Err(SubmitError::OtherRequest) => metrics::idempotency("mismatch"),
        Err(_) => {}
    }
}

fn submission(request: &CallRequest, key: &IdempotencyKey) -> Submission {
    let CallRequest { identity, app, called, declared, payload, respond_async, .. } = request;
    Submission {
        api_key: identity.id.clone(),
        key: key.as_str().to_owned(),
        app: app.id.clone(),
        role: called.role.clone(),
        zome: called.zome.clone(),
        function: called.function.clone(),
        read_only: declared.read_only,
        retry_chain_moved: declared.retry_chain_moved,
        payload: payload.clone(),
        deliver_within: if *respond_async { request.deliver_within } else { request.wait },
        in_background: *respond_async,
    }
}

/// The outbox, if there is one.
pub(super) fn outbox(gateway: &Gateway) -> Result<&Outbox, Problem> {
    let none = "this gateway has no outbox: it was started without a state_dir";
    gateway.outbox.as_ref().ok_or_else(|| Problem::new(Kind::StoreUnavailable, none))
}

/// The call is on disk, and is made.
fn accepted(id: CallId) -> Response {
    let headers = [
        (header::LOCATION, HeaderValue::from_str(&call_path(id)).unwrap_or(HeaderValue::from_static("/"))),
        (PREFERENCE_APPLIED, HeaderValue::from_static("respond-async")),
        (CALL_ID, call_id(id)),
    ];
    (StatusCode::ACCEPTED, headers, Json(json!({ "id": id.to_string(), "call": call_path(id) })))
        .into_response()
}

/// The call may have run, and is being settled.
fn open(id: CallId) -> Problem {
    Problem::of(&OPEN, "it has no answer yet".into()).with_call(id)
}

/// The disk failed while the call was being written to it, so it may be there, and made later.
fn not_written() -> Problem {
    let told = Told { retry: Retry::Same, retry_after: Some(AWAY), ..OPEN };
    Problem::of(&told, "the disk does not answer, so it is not known yet whether the call is accepted".into())
}

const OPEN: Told = Told {
    kind: Kind::OutcomeUnknown,
    outcome: OutcomeWord::Unknown,
    effect: Effect::Unknown,
    settled: false,
    retry: Retry::Wait,
    retry_after: Some(SETTLING),
    key: KeyFate::Held,
    not_started_after: None,
};

/// Why the outbox did not take it: nothing was sent.
fn refused(why: &SubmitError) -> Problem {
    let kind = match why {
        SubmitError::OtherRequest => Kind::IdempotencyKeyReused,
        SubmitError::UnknownApp { .. } => Kind::AppNotFound,
        SubmitError::ShuttingDown | SubmitError::Store(StoreError::Closed) => Kind::ShuttingDown,
        SubmitError::Store(why) => return unavailable(why),
        // The key may belong to a call that has run.
        SubmitError::NotLookedUp(why) => return unavailable(why).of_a_call_not_looked_at(),
    };
    Problem::new(kind, why.to_string())
}

/// What the outbox cannot do now.
pub(super) fn unavailable(why: &StoreError) -> Problem {
    let problem = |kind| Problem::new(kind, why.to_string());
    match why {
        StoreError::Full => problem(Kind::StoreFull),
        StoreError::Busy => problem(Kind::StoreBusy).with_retry_after(SOON),
        // Disk faults concern only the operators of the gateway.
        StoreError::Away(_) => {
            Problem::new(Kind::StoreUnavailable, "its disk failed, and it is being reopened")
                .with_retry(Retry::Same)
                .with_retry_after(AWAY)
        }
        _ => problem(Kind::StoreUnavailable),
    }
}

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// How much longer than it asked to a request waits: for a call that ends at that very moment.
const GRACE: Duration = Duration::from_millis(250);
const SOON: Duration = Duration::from_secs(1);
/// How long it takes at most until a file that could not be used is opened again.
const AWAY: Duration = Duration::from_secs(5);
/// How long settling takes while the link is up.
const SETTLING: Duration = Duration::from_secs(2);
