//! What is served: the areas of the gateway, and what goes over all of them.

use std::sync::Arc;

use axum::{Extension, Router, middleware};

use crate::auth::Operations;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::problem::Problem;
use crate::{
    browser, call, compat, directory, envelopes, feed, health, metrics, openapi, page, request, status,
};

/// For clients.
pub(super) fn clients(gateway: &Arc<Gateway>) -> Router {
    // Envelopes ask for what can be asked for by requests.
    let asked = within(gateway);
    let all = over_all(
        areas().merge(page::routes()).merge(openapi::routes()).merge(envelopes::routes(asked)),
        gateway,
    );
    if gateway.live().config.compat.hc_http_gw { all.merge(compat::routes(gateway)) } else { all }
}

/// For what comes by another way than a socket of ours, in the name of somebody who was let in or shows a key.
pub(super) fn within(gateway: &Arc<Gateway>) -> Router {
    finished(named(areas()), gateway)
}

fn areas() -> Router<Arc<Gateway>> {
    for_operators().merge(call::routes()).merge(directory::routes()).merge(feed::routes())
}

/// For those who run it: what needs no key there.
pub(super) fn operations(gateway: &Arc<Gateway>) -> Router {
    over_all(for_operators(), gateway).layer(Extension(Operations))
}

/// What both serve; the one without a key, as from a key for it.
fn for_operators() -> Router<Arc<Gateway>> {
    Router::new().merge(health::routes()).merge(metrics::routes()).merge(status::routes())
}

/// What is nowhere is told so.
fn named(areas: Router<Arc<Gateway>>) -> Router<Arc<Gateway>> {
    areas
        .fallback(|| async { Problem::new(Kind::NotFound, "see the list of addresses in the documentation") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::MethodNotAllowed, "`Allow` names those that are")
        })
}

/// What comes over a socket: the last layer is the first to see a request.
fn over_all(areas: Router<Arc<Gateway>>, gateway: &Arc<Gateway>) -> Router {
    let guarded = named(areas)
        .layer(browser::cors(Arc::clone(gateway)))
        .layer(middleware::from_fn_with_state(Arc::clone(gateway), browser::guard));
    finished(guarded, gateway)
}

/// What goes over all requests, wherever they come from.
fn finished(areas: Router<Arc<Gateway>>, gateway: &Arc<Gateway>) -> Router {
    areas
        .layer(middleware::from_fn(request::check))
        .layer(middleware::from_fn(request::finish))
        .with_state(Arc::clone(gateway))
}
