//! Whether the process runs, and whether calls can run now.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::auth::Operations;
use crate::gateway::Gateway;
use crate::life::Life;
use crate::outbox::Outbox;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/health", get(|| async { "Ok" }))
        .route("/health/live", get(|| async { Json(json!({ "live": true })) }))
        .route("/health/ready", get(ready))
}

/// As found last: this asks nobody. Only the operations listener says which apps there are and why one cannot be
/// called: the reason may name the conductor.
async fn ready(State(gateway): State<Arc<Gateway>>, operations: Option<Extension<Operations>>) -> Response {
    let running = gateway.is() == Life::Running;
    let away = gateway.outbox.as_ref().and_then(Outbox::away);
    let ready = running && away.is_none() && gateway.apps.iter().all(|app| app.readiness().is_ready());
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if operations.is_none() && gateway.dev.is_none() {
        return (status, Json(json!({ "ready": ready }))).into_response();
    }
    let apps = gateway.apps.iter().map(|app| {
        let known = app.readiness();
        (app.id.clone(), json!({ "ready": known.is_ready(), "why": known.why(), "roles": known.roles }))
    });
    let apps: Map<String, Value> = apps.collect();
    let stopping = (!running).then(|| "the gateway is stopping".to_owned());
    let why = stopping.or_else(|| away.map(|why| why.to_string()));
    let mut told = json!({ "ready": ready, "why": why, "apps": apps });
    // Calls do not wait for it.
    if let Some(nats) = &gateway.nats {
        told["nats"] = nats.told();
    }
    (status, Json(told)).into_response()
}
