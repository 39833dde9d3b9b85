//! The apps that a key may know about, and what they consist of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use holochain_conductor_api::{AppInfo, CellInfo};
use serde_json::{Value, json};

use crate::apps::{App, Readiness};
use crate::auth::Caller;
use crate::call::answer;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::problem::Problem;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/api/v1/apps", get(all)).route("/api/v1/apps/{app}", get(one))
}

async fn all(State(gateway): State<Arc<Gateway>>, Caller(identity): Caller) -> Json<Value> {
    let known = gateway.apps.iter().filter(|app| identity.knows_app(&app.id));
    let apps: Vec<Value> = known.map(|app| summary(app, &app.readiness())).collect();
    Json(json!({ "apps": apps }))
}

/// One request to the conductor, if there is a link.
async fn one(
    State(gateway): State<Arc<Gateway>>,
    Caller(identity): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let app = gateway.apps.get(&id).filter(|app| identity.knows_app(&app.id));
    let app =
        app.ok_or_else(|| Problem::new(Kind::AppNotFound, "it is not served here, or not to this key"))?;
    let readiness = app.readiness();
    let mut shown = summary(app, &readiness);
    if app.ham.state().get().is_live() {
        let asked = tokio::time::timeout(ASK, app.ham.app_info()).await;
        let info = asked
            .map_err(|_| {
                Problem::new(Kind::NotSent, "the conductor does not say what the app is made of")
                    .with_retry_after(ASK)
            })?
            .map_err(|error| answer::problem(&app.ham, &error))?;
        shown["status"] = serde_json::to_value(&info.status).unwrap_or_default();
        shown["agent"] = hash(info.agent_pub_key.to_string());
        shown["roles"] = roles(&info, &readiness);
    }
    Ok(Json(shown))
}

fn summary(app: &App, readiness: &Readiness) -> Value {
    json!({ "id": app.id, "ready": readiness.is_ready(), "why": readiness.why() })
}

/// Each role with its clones; and whether it can be called, as far as that was asked.
fn roles(info: &AppInfo, readiness: &Readiness) -> Value {
    // The conductor's order differs from app to app.
    let by_name: BTreeMap<_, _> = info.cell_info.iter().collect();
    let roles = by_name.into_iter().map(|(role, cells)| {
        let known = readiness.roles.get(role);
        let provisioned = cells.iter().find_map(|cell| match cell {
            CellInfo::Provisioned(cell) => Some(hash(cell.cell_id.dna_hash().to_string())),
            CellInfo::Cloned(_) | CellInfo::Stem(_) => None,
        });
        let clones = cells.iter().filter_map(|cell| match cell {
            CellInfo::Cloned(clone) => Some(json!({
                "id": clone.clone_id.0, "name": clone.name, "enabled": clone.enabled,
                "dna": hash(clone.cell_id.dna_hash().to_string()),
            })),
            CellInfo::Provisioned(_) | CellInfo::Stem(_) => None,
        });
        json!({
            "role": role, "dna": provisioned, "callable": known.map(Option::is_none), "why": known.cloned().flatten(),
            "clones": clones.collect::<Vec<_>>(),
        })
    });
    roles.collect()
}

fn hash(text: String) -> Value {
    json!({ "$hash": text })
}

/// How long the conductor may take.
const ASK: Duration = Duration::from_secs(5);
