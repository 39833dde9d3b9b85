//! One call of the outbox: how it ended, and how it is cancelled.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, header};
use tokio::time::Instant;

use super::keyed::{outbox, unavailable};
use super::request::{preference, wait};
use super::shown;
use crate::auth::{Caller, Identity, Scope};
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::outbox::{CallId, Followed, Following, Outbox};
use crate::problem::{CALL_ID, OUTCOME, Problem, call_id};

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route(ONE, get(look)).route(CANCEL, post(cancel))
}

/// The state of a call; `Prefer: wait=30` waits until it is settled.
async fn look(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (outbox, identity) = (outbox(&gateway)?, caller.with_any(SEEING)?);
    let owner = owner(&identity);
    let id = known(&id)?;
    let wait = preference(&headers)?.wait.map_or(Ok(Duration::ZERO), |asked| wait(&gateway, asked))?;
    let following = outbox.follow(id, owner).map_err(|why| unavailable(&why))?.ok_or_else(unknown)?;
    show(outbox, following, wait, owner).await
}

/// A call that is still waiting is not made; one that may have left is settled. Answers with its state.
async fn cancel(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (outbox, identity) = (outbox(&gateway)?, caller.with_any(SEEING)?);
    let owner = owner(&identity);
    let id = known(&id)?;
    let asked = preference(&headers)?.wait.unwrap_or(gateway.live().config.limits.wait);
    let wait = wait(&gateway, asked)?;
    let following = outbox.cancel(id, owner).map_err(|why| unavailable(&why))?.ok_or_else(unknown)?;
    show(outbox, following, wait, owner).await
}

async fn show(
    outbox: &Outbox,
    mut following: Following,
    wait: Duration,
    owner: Option<&str>,
) -> Result<Response, Problem> {
    let id = following.id();
    let settled = following.until(Instant::now() + wait).await;
    let call = match settled {
        Followed::Settled(call) => (*call).clone(),
        // Its state on disk, where it may not be yet.
        Followed::Open | Followed::Refused(_) => {
            outbox.get(id, owner).map_err(|why| unavailable(&why))?.ok_or_else(unknown)?
        }
    };
    let mut response = Json(shown::whole(&call)).into_response();
    let headers = response.headers_mut();
    headers.insert(CALL_ID, call_id(id));
    match &call.answer {
        Some(answer) => {
            headers.insert(OUTCOME, http::HeaderValue::from_static(answer.outcome().word()));
        }
        None => {
            headers.insert(header::RETRY_AFTER, LOOK_AGAIN.into());
        }
    }
    Ok(response)
}

/// Whose calls a caller may see: its own, or everybody's.
pub(super) fn owner(identity: &Identity) -> Option<&str> {
    (!identity.may(Scope::AllCalls)).then_some(identity.id.as_str())
}

fn known(id: &str) -> Result<CallId, Problem> {
    CallId::parse(id).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(Kind::NotFound, "there is no such call, it is not kept any more, or it is another key's")
}

/// The scopes that allow a caller to see and cancel calls: its own, or everybody's.
pub(super) const SEEING: &[Scope] = &[Scope::Calls, Scope::AllCalls];
const ONE: &str = "/api/v1/calls/{id}";
const CANCEL: &str = "/api/v1/calls/{id}/cancel";
/// Seconds until it is worth looking at an open call again.
const LOOK_AGAIN: u64 = 2;
