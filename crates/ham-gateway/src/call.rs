//! Zome calls: what requests ask for, and how they are answered.

pub(crate) mod answer;
mod direct;
mod keyed;
mod list;
mod payload;
pub(crate) mod request;
mod resource;
mod shown;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;

use self::request::{CallRequest, Called};
use crate::auth::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route(CALL, post(call)).merge(resource::routes()).merge(list::routes())
}

async fn call(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Path(called): Path<Called>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let request = CallRequest::read(&gateway, caller, called, &headers, body).await?;
    make(&gateway, &request).await
}

/// Makes a zome call: without a key, while the request waits; with one, the outbox makes it.
///
/// # Cancel safety
/// A call without a key that was not sent yet is not made.
pub(crate) async fn make(gateway: &Gateway, request: &CallRequest) -> Result<Response, Problem> {
    match &request.key {
        Some(key) => keyed::call(gateway, request, key).await,
        None => direct::call(gateway, request).await,
    }
}

/// The address of a zome function.
const CALL: &str = "/api/v1/apps/{app}/roles/{role}/zomes/{zome}/fns/{function}";
