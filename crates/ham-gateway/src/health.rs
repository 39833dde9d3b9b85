//! Whether the process runs, and whether calls can run now.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::gateway::Gateway;
use crate::life::Life;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/health", get(|| async { "Ok" }))
        .route("/health/live", get(|| async { Json(json!({ "live": true })) }))
        .route("/health/ready", get(ready))
}

/// What was found last: it asks nobody.
async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    let running = gateway.is() == Life::Running;
    let apps = gateway.apps.iter().map(|app| {
        let known = app.readiness();
        (app.id.clone(), json!({ "ready": known.is_ready(), "why": known.why(), "roles": known.roles }))
    });
    let apps: Map<String, Value> = apps.collect();
    let ready = running && apps.values().all(|app| app["ready"] == true);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let why = (!running).then_some("the gateway is stopping");
    (status, Json(json!({ "ready": ready, "why": why, "apps": apps }))).into_response()
}
