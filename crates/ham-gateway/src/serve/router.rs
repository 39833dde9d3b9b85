//! What is served: the areas of the gateway, and what goes over all of them.

use std::sync::Arc;

use axum::{Extension, Router, middleware};

use crate::auth::Operations;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::problem::Problem;
use crate::{browser, call, health, page, request};

/// For clients.
pub(super) fn clients(gateway: &Arc<Gateway>) -> Router {
    let areas = Router::new().merge(health::routes()).merge(call::routes()).merge(page::routes());
    over_all(areas, gateway)
}

/// For those who run it: what needs no key there.
pub(super) fn operations(gateway: &Arc<Gateway>) -> Router {
    over_all(health::routes(), gateway).layer(Extension(Operations))
}

/// The last layer is the first to see a request.
fn over_all(areas: Router<Arc<Gateway>>, gateway: &Arc<Gateway>) -> Router {
    areas
        .fallback(|| async { Problem::new(Kind::NotFound, "see the list of addresses in the documentation") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::MethodNotAllowed, "`Allow` names those that are")
        })
        .layer(browser::cors(Arc::clone(gateway)))
        .layer(middleware::from_fn_with_state(Arc::clone(gateway), browser::guard))
        .layer(middleware::from_fn(request::check))
        .layer(middleware::from_fn(request::finish))
        .with_state(Arc::clone(gateway))
}
