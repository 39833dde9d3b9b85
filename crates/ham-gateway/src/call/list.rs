//! The calls of the outbox: those that are open, and those whose owner has to look at the chain.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::keyed::{outbox, unavailable};
use super::resource::{SEEING, owner};
use super::shown;
use crate::auth::Caller;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::outbox::machine::{Ending, State as CallState};
use crate::outbox::{Call, CallId, Order, Page, Which};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route(ALL, get(list))
}

/// Which calls are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    state: Option<String>,
    outcome: Option<String>,
    #[serde(default)]
    order: Ordered,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ordered {
    #[default]
    Newest,
    Oldest,
}

async fn list(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let identity = caller.with_any(SEEING)?;
    let outbox = outbox(&gateway)?.clone();
    let Query(asked) = asked.map_err(|why| bad(ham::without_quoted(&why.body_text())))?;
    let wanted = wanted(&asked)?;
    let limit = asked.limit.unwrap_or(MOST);
    if limit == 0 || limit > MOST {
        return Err(bad(format!("`limit` is from 1 to {MOST}")));
    }
    let after = asked
        .after
        .as_deref()
        .map(|id| CallId::parse(id).ok_or_else(|| bad("`after` is the name of a call")));
    let page = Page {
        which: if wanted.is_empty() { Which::Open } else { Which::Doubtful },
        order: match asked.order {
            Ordered::Newest => Order::Newest,
            Ordered::Oldest => Order::Oldest,
        },
        limit,
        after: after.transpose()?,
    };
    // It may have to skip many calls of other owners.
    let read = tokio::task::spawn_blocking(move || outbox.list(page, owner(&identity)));
    let calls = read.await.map_err(|why| Problem::new(Kind::Internal, why.to_string()))?;
    let calls = calls.map_err(|why| unavailable(&why))?;
    // If the page is full, there may be more behind the last call in it.
    let next = (calls.len() == limit).then(|| calls.last().map(|call| call.id.to_string())).flatten();
    let shown: Vec<_> = calls.iter().filter(|call| is_wanted(call, &wanted)).map(shown::row).collect();
    Ok(Json(json!({ "calls": shown, "next": next })))
}

/// The endings that are asked for; none for open calls.
fn wanted(asked: &Asked) -> Result<Vec<Ending>, Problem> {
    match (asked.state.as_deref(), asked.outcome.as_deref()) {
        (None | Some("open"), None) => Ok(Vec::new()),
        (None | Some("settled"), Some(outcomes)) => outcomes
            .split(',')
            .map(|outcome| match outcome {
                "unknown" => Ok(Ending::Unknown),
                "arrived" => Ok(Ending::Arrived),
                _ => Err(bad("`outcome` is `unknown`, `arrived` or both, with a comma between")),
            })
            .collect(),
        _ => Err(bad(
            "`state=open` lists what is open, `outcome=unknown,arrived` what only the chain can tell",
        )),
    }
}

fn is_wanted(call: &Call, wanted: &[Ending]) -> bool {
    wanted.is_empty() || matches!(call.record.state(), CallState::Settled(ending) if wanted.contains(&ending))
}

fn bad(why: impl Into<String>) -> Problem {
    Problem::new(Kind::BadRequest, why)
}

const ALL: &str = "/api/v1/calls";
/// Most calls per answer.
const MOST: usize = 100;
