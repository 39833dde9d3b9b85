//! The status, for operators: once as a whole, or as a stream of changes.

mod stream;
mod told;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, header};

use self::told::{Samples, told};
use crate::auth::{Caller, Scope};
use crate::gateway::Gateway;
use crate::problem::Problem;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/api/v1/status", get(status))
}

async fn status(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let identity = caller.with(Scope::Status)?;
    let accepts = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok()).unwrap_or_default();
    if accepts.split(',').any(|kind| kind.trim().starts_with("text/event-stream")) {
        return stream::stream(gateway, identity);
    }
    Ok(Json(told(&gateway, &identity, Samples::All)).into_response())
}
