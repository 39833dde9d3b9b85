//! Where envelopes are exchanged.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};

use super::connect::connect;
use super::exchange::Exchange;
use crate::auth::QueryCaller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// `asked` answers what envelopes ask for.
pub(crate) fn routes(asked: Router) -> Router<Arc<Gateway>> {
    Router::new().route("/connect", get(upgrade)).layer(Extension(Exchange::new(asked)))
}

/// The key is checked before the upgrade: a caller without one is answered 401.
async fn upgrade(
    State(gateway): State<Arc<Gateway>>,
    caller: QueryCaller,
    Extension(exchange): Extension<Exchange>,
    request: Request,
) -> Result<Response, Problem> {
    connect(&gateway, caller.0, exchange, request)
}
