//! The routes of the feed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::Value;

use super::stream;
use crate::auth::{QueryCaller, Scope};
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::problem::Problem;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/api/v1/events", get(stream::events))
        .route("/ws", get(websocket))
        .route("/ws/status", get(status))
}

/// The documented dialect.
async fn websocket(
    State(gateway): State<Arc<Gateway>>,
    caller: QueryCaller,
    request: Request,
) -> Result<Response, Problem> {
    let guest = gateway.feed.guest(&caller.with(Scope::Feed)?, "websocket");
    let response = gateway.feed.server.upgrade(guest, request);
    match response.status() {
        StatusCode::UPGRADE_REQUIRED => {
            Err(Problem::new(Kind::UpgradeRequired, "the request asks for no WebSocket"))
        }
        StatusCode::BAD_REQUEST => {
            Err(Problem::new(Kind::BadRequest, "the WebSocket cannot be opened as it is asked for"))
        }
        _ => Ok(response),
    }
}

/// How many connections follow it, and which chains among those that the key may follow.
async fn status(State(gateway): State<Arc<Gateway>>, caller: QueryCaller) -> Result<Json<Value>, Problem> {
    // It follows nothing, and is counted for a moment.
    let guest = gateway.feed.guest(&caller.with(Scope::Feed)?, "websocket");
    Ok(Json(gateway.feed.server.status(Some(&guest))))
}
