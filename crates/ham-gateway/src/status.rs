//! How it stands, for those who run it.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use ham::{HamState, PersistentHam};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::auth::{Caller, Scope};
use crate::gateway::Gateway;
use crate::problem::Problem;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/api/v1/status", get(status))
}

async fn status(State(gateway): State<Arc<Gateway>>, caller: Caller) -> Result<Json<Value>, Problem> {
    let identity = caller.with(Scope::Status)?;
    let live = gateway.live();
    let apps = gateway.apps.iter().filter(|app| identity.knows_app(&app.id)).map(|app| {
        let readiness = app.readiness();
        let roles = readiness.roles.iter();
        let roles = roles.map(|(role, why)| json!({ "role": role, "callable": why.is_none(), "why": why }));
        json!({
            "id": app.id, "ready": readiness.is_ready(), "why": readiness.why(), "link": link(&app.ham),
            "roles": roles.collect::<Vec<_>>(),
        })
    });
    Ok(Json(json!({
        "gateway": {
            "version": env!("CARGO_PKG_VERSION"), "started_at": gateway.started_at.to_string(), "life": gateway.is().word(),
            "listen": live.config.listen.to_string(), "tls": live.config.tls.is_some(), "dev": live.config.dev,
        },
        "key": { "id": identity.id, "name": identity.name, "scopes": identity.scopes() },
        "apps": apps.collect::<Vec<_>>(),
    })))
}

/// The link, with times from now in seconds.
fn link(ham: &PersistentHam) -> Value {
    let seconds = |duration: std::time::Duration| duration.as_secs_f64();
    let now = Instant::now();
    match ham.state().get() {
        HamState::Dialing { attempt } => json!({ "state": "dialing", "attempt": attempt }),
        HamState::Live { since, degraded } => json!({
            "state": "live", "for_s": seconds(now.saturating_duration_since(since)),
            "silent_for_s": degraded.map(|since| seconds(now.saturating_duration_since(since))),
            "round_trip_ms": ham.round_trip_time().map(|time| seconds(time) * 1e3),
        }),
        HamState::BackingOff { attempt, until, cause } => json!({
            "state": "backing_off", "attempt": attempt, "next_in_s": seconds(until.saturating_duration_since(now)),
            "cause": cause.to_string(),
        }),
        HamState::Closed { cause } => json!({ "state": "closed", "cause": cause.to_string() }),
        _ => json!({ "state": "unknown" }),
    }
}
