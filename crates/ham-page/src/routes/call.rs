//! A zome call, in the gateway's form: the outcome in the status and a header, errors as problems.

use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use ham_devconductor::{FailureKind, Outcome, Payload};
use ham_json::{Dialect, to_messagepack};
use holo_hash::AgentPubKey;

use crate::calls::{effect, kind_of, shown};
use crate::list::json_text;
use crate::problem::Problem;
use crate::served::{MAX_BODY, Shared, cell};

/// Runs a function as the agent that `Ham-Agent` names, or as the app's first agent.
pub(super) async fn call(
    State(served): Shared,
    Path((app, role, zome, function)): Path<(String, String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let bad = |name: &str, why: &dyn std::fmt::Display| {
        Problem::new(StatusCode::BAD_REQUEST, name, "The request cannot be carried out").detail(why)
    };
    let headers = request.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A form on another page can only send other content types.
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "Send application/json"));
    }
    let agent: Option<AgentPubKey> = match headers.get("ham-agent") {
        None => None,
        Some(agent) => {
            let known = agent.to_str().ok().and_then(ham_json::hash);
            Some(known.ok_or_else(|| bad("bad-agent", &"Ham-Agent is not an agent's key"))?)
        }
    };
    let body = served.bodies.read(request.into_body(), MAX_BODY, SLOWEST).await?;
    let payload = served.long_values.acquire().await?.run(move || argument(&body.bytes)).await?;
    let payload = payload.map_err(|why| bad("bad-payload", &why))?;
    let cell = cell(&served, &app, &role, agent.as_ref()).await?;
    let (id, outcome) = served.memory.observer.call(&cell.id, &zome, &function, payload).await?;
    let mut response = match &outcome {
        Outcome::Answered(answer) => {
            let answer = match answer {
                Payload::Whole(bytes) if bytes.len() > MAX_BODY => Payload::TooLong(bytes.len()),
                answer => answer.clone(),
            };
            json_text(served.long_values.acquire().await?.run(move || shown(&answer).to_string()).await?)
        }
        Outcome::Failed { kind, text, place } => {
            Problem::new(status(*kind), kind_of(*kind), "The call was answered with an error")
                .detail(text)
                .with("where", place.clone())
                .with("outcome", "answered")
                .with("effect", effect(*kind))
                .into_response()
        }
        Outcome::NotRun(why) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "cell-not-running", "The call did not run")
                .detail(why)
                .with("outcome", "not_run")
                .with("effect", "nothing")
                .into_response()
        }
        _ => Problem::new(StatusCode::GATEWAY_TIMEOUT, "outcome-unknown", "The call may have run")
            .with("outcome", "unknown")
            .with("effect", "unknown")
            .into_response(),
    };
    let word = match &outcome {
        Outcome::Answered(_) | Outcome::Failed { .. } => "answered",
        Outcome::NotRun(_) => "not_run",
        _ => "unknown",
    };
    response.headers_mut().insert("ham-outcome", HeaderValue::from_static(word));
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        response.headers_mut().insert("ham-call-id", id);
    }
    Ok(response)
}

/// The MessagePack of a body; an empty one is nil.
fn argument(body: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
    match text.trim() {
        "" => Ok(vec![NIL]),
        text => to_messagepack(text, Dialect::Marked).map_err(|why| why.to_string()),
    }
}

fn status(kind: FailureKind) -> StatusCode {
    match kind {
        FailureKind::Zome | FailureKind::InvalidCommit | FailureKind::IncompleteCommit => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        FailureKind::ChainMoved => StatusCode::CONFLICT,
        FailureKind::Unauthorized => StatusCode::FORBIDDEN,
        FailureKind::NoFunction => StatusCode::NOT_FOUND,
        FailureKind::CellRemoved => StatusCode::GONE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// MessagePack's nil: the argument of functions that take `()`.
const NIL: u8 = 0xc0;
/// How long a body may take.
const SLOWEST: Duration = Duration::from_secs(30);
