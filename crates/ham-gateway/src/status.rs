//! How it stands, for those who run it: once, or as a stream.

mod shown;
mod stream;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, header};

use self::shown::Shown;
use crate::auth::{Caller, Scope};
use crate::gateway::Gateway;
use crate::problem::Problem;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/api/v1/status", get(status))
}

/// All of it; to whoever accepts events, then what changes, every second.
async fn status(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let identity = caller.with(Scope::Status)?;
    let shown = Shown { gateway, identity };
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.split(',').any(|range| range.trim().starts_with("text/event-stream")) {
        return stream::answer(shown);
    }
    Ok(Json(shown.all()).into_response())
}
