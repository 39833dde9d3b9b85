//! What can be requested: `/api/dev/v1`, and a call in the gateway's form.

mod apps;
mod call;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use holo_hash::ActionHash;
use holochain_types::prelude::{Timestamp, action_to_op_types};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::action_log::decoded;
use crate::assets;
use crate::faults::faults;
use crate::guard::{Guard, guard};
use crate::list::{json_text, listed};
use crate::problem::Problem;
use crate::served::{Answer, MAX_BODY, Served, Shared, cell, dna};

pub(crate) fn router(served: Arc<Served>, of: Guard) -> Router {
    let cells = "/api/dev/v1/{app}/{role}";
    Router::new()
        .route("/", get(assets::index))
        .route("/assets/{*path}", get(assets::asset))
        .route("/api/dev/v1/state", get(state))
        .route("/api/dev/v1/events", get(events))
        .route("/api/dev/v1/apps", post(apps::install))
        .route("/api/dev/v1/calls", get(calls))
        .route("/api/dev/v1/calls/{id}", get(one_call))
        .route(&format!("{cells}/schema"), get(schema))
        .route(&format!("{cells}/actions"), get(actions))
        .route(&format!("{cells}/records/{{hash}}"), get(record))
        .route("/api/v1/apps/{app}/roles/{role}/zomes/{zome}/fns/{function}", post(call::call))
        .layer(middleware::from_fn_with_state(of, guard))
        .with_state(served)
}

async fn state(State(served): Shared) -> Answer {
    let memory = &served.memory;
    let mut known = memory.known().await;
    // Read before the data that it is the cursor of.
    let cursor = memory.hub.cursor();
    let directory = known.directory(&memory.observer).await?;
    let (apps, agents) = directory.json(&known.heads());
    Ok(axum::Json(json!({
        "cursor": cursor, "at": Timestamp::now().as_millis(), "conductor": served.conductor,
        "watch": served.build.json(), "faults": faults(&memory.observer)?, "apps": apps, "agents": agents,
    })))
}

async fn events(State(served): Shared, headers: HeaderMap) -> Response {
    served.memory.hub.answer(&headers).into_response()
}

#[derive(Deserialize)]
struct PageOf {
    before: Option<String>,
    limit: Option<usize>,
}

impl PageOf {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(MAX_PAGE).min(MAX_PAGE)
    }
}

async fn calls(State(served): Shared, Query(page): Query<PageOf>) -> Response {
    let known = served.memory.known().await;
    let calls = listed(known.calls.before(page.before.as_deref()).take(page.limit()));
    json_text(format!(r#"{{"calls":{calls}}}"#))
}

async fn one_call(State(served): Shared, Path(id): Path<String>) -> Answer {
    let call = served.memory.known().await.calls.get(&id);
    Ok(axum::Json(call.ok_or_else(|| Problem::not_found("no call of this id is kept"))?))
}

async fn schema(State(served): Shared, Path((app, role)): Path<(String, String)>) -> Answer {
    let dna = dna(&served, &app, &role).await?;
    let mut known = served.memory.known().await;
    Ok(axum::Json(known.action_log(&served.memory.observer, &dna).await?.types().json()))
}

async fn actions(
    State(served): Shared,
    Path((app, role)): Path<(String, String)>,
    Query(page): Query<PageOf>,
) -> Result<Response, Problem> {
    let dna = dna(&served, &app, &role).await?;
    let mut known = served.memory.known().await;
    let log = known.action_log(&served.memory.observer, &dna).await?;
    let before = page.before.as_deref().and_then(|before| before.parse().ok());
    Ok(json_text(log.page(before, page.limit())))
}

/// A record with its whole entry, and its state.
async fn record(State(served): Shared, Path((app, role, hash)): Path<(String, String, String)>) -> Answer {
    let dna = dna(&served, &app, &role).await?;
    let hash: ActionHash =
        ham_json::hash(&hash).ok_or_else(|| Problem::not_found("this is not an action hash"))?;
    let observer = &served.memory.observer;
    let author = {
        let mut known = served.memory.known().await;
        known.action_log(observer, &dna).await?.row(&hash).map(|row| row.agent.clone())
    };
    let author = author.ok_or_else(|| Problem::not_found("no action of this hash is kept"))?;
    let cell = cell(&served, &app, &role, Some(&author)).await?;
    let details = observer.record(&cell.id, &hash).await?;
    let details = details.ok_or_else(|| Problem::not_found("no record of this hash is held"))?;
    let entry = details.record.entry().clone();
    let entry = served.long_values.acquire().await?.run(move || decoded(&entry, MAX_BODY)).await?;
    let action = details.record.action();
    let hashes = |of: Vec<String>| Value::from(of);
    let raw = serde_json::to_value(action).unwrap_or(Value::Null);
    Ok(axum::Json(json!({
        "hash": hash.to_string(),
        "entry": entry,
        "validation": {
            "status": format!("{:?}", details.validation_status).to_lowercase(),
            "operations": action_to_op_types(action).len(),
        },
        "updates": hashes(details.updates.iter().map(|action| action.as_hash().to_string()).collect()),
        "deletes": hashes(details.deletes.iter().map(|action| action.as_hash().to_string()).collect()),
        "raw": raw,
    })))
}

/// The most rows in one answer, unless the bound in bytes ends it earlier.
const MAX_PAGE: usize = 1000;
