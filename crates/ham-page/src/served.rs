//! State that the requests to the page's server share, and how they find a cell.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ham_web::Bodies;
use holo_hash::{AgentPubKey, DnaHash};
use serde_json::Value;

use crate::build::LastBuild;
use crate::concurrency_limit::ConcurrencyLimit;
use crate::directory::Cell;
use crate::memory::Memory;
use crate::problem::Problem;

/// State that the requests share.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) memory: Arc<Memory>,
    /// What the conductor says about itself.
    pub(crate) conductor: Value,
    /// The state of the app that is built beside it.
    pub(crate) build: LastBuild,
    pub(crate) long_values: ConcurrencyLimit,
    /// Room for the bodies of calls, and separately for bundles: slow bundles delay no calls.
    pub(crate) bodies: Bodies,
    pub(crate) bundles: Bodies,
    pub(crate) installs: ConcurrencyLimit,
}

pub(crate) type Shared = State<Arc<Served>>;
pub(crate) type Answer = Result<Json<Value>, Problem>;

/// The DNA of a role of an app.
pub(crate) async fn dna(served: &Served, app: &str, role: &str) -> Result<DnaHash, Problem> {
    let directory = served.memory.known().await.directory(&served.memory.observer).await?;
    directory.dna(app, role).cloned().ok_or_else(|| no_role(app, role))
}

/// The cell that a role has for an agent; if no agent is named, for the first that has one.
pub(crate) async fn cell(
    served: &Served,
    app: &str,
    role: &str,
    agent: Option<&AgentPubKey>,
) -> Result<Cell, Problem> {
    let directory = served.memory.known().await.directory(&served.memory.observer).await?;
    directory.cell(app, role, agent).cloned().ok_or_else(|| no_role(app, role))
}

fn no_role(app: &str, role: &str) -> Problem {
    Problem::not_found(&format!("no app `{app}` with a role `{role}` for this agent"))
}

/// The largest argument, in bytes of JSON; and the largest entry or answer, in bytes of MessagePack.
pub(crate) const MAX_BODY: usize = 4 << 20;
/// How many bytes the bodies of calls may have at a time.
pub(crate) const BODIES: usize = 64 << 20;
/// How many bytes a bundle may have; what it unpacks to has a bound of its own.
pub(crate) const MAX_BUNDLE: usize = 64 << 20;
