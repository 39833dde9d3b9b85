//! What is served: the areas of the gateway, and the layers over all of them.

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
    // Envelopes can ask for everything that requests can.
    let asked = within(gateway);
    let all = over_all(
        areas().merge(page::routes()).merge(openapi::routes()).merge(envelopes::routes(asked)),
        gateway,
    );
    if gateway.live().config.compat.hc_http_gw { all.merge(compat::routes(gateway)) } else { all }
}

/// For requests that do not come over one of our sockets, on behalf of a caller that was admitted or shows a key.
pub(super) fn within(gateway: &Arc<Gateway>) -> Router {
    finished(named(areas()), gateway)
}

fn areas() -> Router<Arc<Gateway>> {
    for_operators().merge(call::routes()).merge(directory::routes()).merge(feed::routes())
}

/// For operators: everything there works without a key.
pub(super) fn operations(gateway: &Arc<Gateway>) -> Router {
    over_all(for_operators(), gateway).layer(Extension(Operations))
}

/// Routes that both listeners serve; the operations listener without a key, as if one for them had been shown.
fn for_operators() -> Router<Arc<Gateway>> {
    Router::new().merge(health::routes()).merge(metrics::routes()).merge(status::routes())
}

/// Unknown addresses get a problem.
fn named(areas: Router<Arc<Gateway>>) -> Router<Arc<Gateway>> {
    areas
        .fallback(|| async { Problem::new(Kind::NotFound, "see the list of addresses in the documentation") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::MethodNotAllowed, "`Allow` names those that are")
        })
}

/// For requests over a socket: the last layer is the first to see a request.
fn over_all(areas: Router<Arc<Gateway>>, gateway: &Arc<Gateway>) -> Router {
    let guarded = named(areas)
        .layer(browser::cors(Arc::clone(gateway)))
        .layer(middleware::from_fn_with_state(Arc::clone(gateway), browser::guard));
    finished(guarded, gateway)
}

/// The layers over all requests, wherever they come from.
fn finished(areas: Router<Arc<Gateway>>, gateway: &Arc<Gateway>) -> Router {
    areas
        .layer(middleware::from_fn(request::check))
        .layer(middleware::from_fn(request::finish))
        .with_state(Arc::clone(gateway))
}
