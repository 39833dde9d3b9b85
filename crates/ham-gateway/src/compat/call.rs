//! A call asked for by an address.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use holochain_conductor_api::AppStatusFilter;
use http::StatusCode;
use tokio::time::{Instant, timeout_at};

use super::address::{ADDRESS, Address};
use super::cells::Cell;
use super::payload::payload;
use super::refusal::Refusal;
use crate::call::request::{CallRequest, Called};
use crate::gateway::Gateway;
use crate::{browser, call, request};

/// Separate from all other routes: the layers over those would answer in their own words.
pub(crate) fn routes(gateway: &Arc<Gateway>) -> Router {
    let refused = || async { StatusCode::METHOD_NOT_ALLOWED };
    Router::new()
        .route(ADDRESS, get(answer).fallback(refused))
        .layer(middleware::from_fn_with_state(Arc::clone(gateway), guard))
        .layer(middleware::from_fn(request::finish))
        .with_state(Arc::clone(gateway))
}

/// Answers the requests that may be answered. The host name matters only if the gateway is for this machine alone:
/// pages of other names must not reach it then.
async fn guard(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let refused = {
        let live = gateway.live();
        let named = gateway.address.ip().is_loopback();
        let host = || browser::refused_host(&live.config, request.headers());
        named.then(host).flatten().or_else(|| browser::refused_page(&live.config, request.headers()))
    };
    match refused {
        Some(problem) => Refusal::Problem(Box::new(problem)).into_response(),
        None => next.run(request).await,
    }
}

async fn answer(State(gateway): State<Arc<Gateway>>, address: Address) -> Result<Response, Refusal> {
    let (most, within) = {
        let live = gateway.live();
        (live.config.compat.payload_bytes, live.config.compat.timeout)
    };
    if address.payload.as_ref().is_some_and(|payload| payload.len() > most) {
        return Err(Refusal::malformed(format!("Payload exceeds {most} bytes")));
    }
    let until = Instant::now() + within;
    let cell = cell(&gateway, &address, until).await?;
    let request = request(&gateway, &address, cell, until)?;
    call::make(&gateway, &request).await.map_err(|problem| {
        let refusal = Refusal::of(problem, request.app.ham.state().get().is_live());
        if matches!(refusal, Refusal::NotInstalled) {
            gateway.compat.forget(&address.app, &address.dna);
        }
        refusal
    })
}

/// The call, if anybody may make it.
fn request(gateway: &Gateway, address: &Address, cell: Cell, until: Instant) -> Result<CallRequest, Refusal> {
    let Address { app: id, zome, function, .. } = address;
    if !gateway.live().compat.allows(id, zome, function) {
        let (app, zome, function) = (id.clone(), zome.clone(), function.clone());
        return Err(Refusal::Function { app, zome, function });
    }
    let payload = payload(address.payload.as_deref())?;
    // An app that a reload added to the list is not served yet.
    let app = gateway.apps.get(id).ok_or(Refusal::NotAllowed)?;
    let called =
        Called { app: id.clone(), role: cell.role.clone(), zome: zome.clone(), function: function.clone() };
    let wait = until.saturating_duration_since(Instant::now());
    let identity = Arc::clone(&gateway.anybody);
    CallRequest::plain(gateway, identity, Arc::clone(app), called, cell.target(), payload, wait)
        .map_err(|problem| Refusal::of(problem, true))
}

/// The cell that is meant. The conductor is asked about an unknown one, and about one that may not be called: the
/// answer depends on whether there is such an app.
async fn cell(gateway: &Gateway, address: &Address, until: Instant) -> Result<Cell, Refusal> {
    let Address { app: id, dna, .. } = address;
    let is_allowed = gateway.live().compat.allows_app(id);
    if let Some(cell) = gateway.compat.get(id, dna).filter(|_| is_allowed) {
        return Ok(cell);
    }
    let unreachable = || Refusal::Unreachable { outcome: "not_run" };
    let admin = gateway.apps.admin().ok_or_else(unreachable)?;
    let asked = async {
        let _place = gateway.compat.asking().await;
        admin.list_apps(Some(AppStatusFilter::Enabled)).await
    };
    let apps = timeout_at(until, asked).await;
    let apps = apps.ok().and_then(Result::ok).ok_or_else(unreachable)?;
    let found = apps.iter().filter(|app| app.installed_app_id == *id).find_map(|app| Cell::of(app, dna));
    let cell = found.ok_or(Refusal::NotInstalled)?;
    if !is_allowed {
        return Err(Refusal::NotAllowed);
    }
    // It may have appeared just now.
    if let Some(app) = gateway.apps.get(id).filter(|app| !app.ham.state().get().is_live()) {
        app.ham.redial_now();
    }
    gateway.compat.learn(id, dna, cell.clone());
    Ok(cell)
}
