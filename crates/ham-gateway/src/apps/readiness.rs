//! Whether the cells of an app can be called: asked when its link comes up and every half a minute, never by a request.

use std::collections::BTreeMap;
use std::time::Duration;

use ham::PersistentHam;
use holochain_conductor_api::CellInfo;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::metrics;

/// What is known of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness {
    /// Why there is no link; `None` while there is one.
    pub(crate) down: Option<String>,
    /// Each role that was asked for, and why it cannot be called; empty until the first answer.
    pub(crate) roles: BTreeMap<String, Option<String>>,
}

impl Readiness {
    pub(crate) fn is_ready(&self) -> bool {
        self.down.is_none() && !self.roles.is_empty() && self.roles.values().all(Option::is_none)
    }

    /// The first reason against it, in words.
    pub(crate) fn why(&self) -> Option<String> {
        let role = || self.roles.iter().find_map(|(role, why)| Some(format!("{role}: {}", why.as_deref()?)));
        let nothing = || self.roles.is_empty().then(|| "it was not asked yet".to_owned());
        self.down.clone().or_else(role).or_else(nothing)
    }
}

/// Tells what is known, until the connection is closed or nobody listens.
pub(crate) async fn watch(
    id: String,
    ham: PersistentHam,
    roles: Vec<String>,
    told: watch::Sender<Readiness>,
) {
    let tell = |known: Readiness| {
        metrics::ready(&id, known.is_ready());
        told.send_replace(known);
    };
    let mut state = ham.state();
    loop {
        let now = state.get();
        let again = if now.is_live() {
            // The state first: an answer that was asked for on a link that is gone says nothing.
            tokio::select! {
                biased;
                changed = state.changed() => if changed.is_some() { continue } else { break },
                roles = ask(&ham, &roles) => {
                    let known = Readiness { down: None, roles };
                    let again = if known.is_ready() { ASK_AGAIN } else { ASK_SOON };
                    tell(known);
                    again
                }
            }
        } else {
            tell(Readiness { down: Some(now.to_string()), roles: BTreeMap::new() });
            ASK_AGAIN
        };
        tokio::select! {
            biased;
            changed = state.changed() => if changed.is_none() { break },
            () = told.closed() => break,
            () = tokio::time::sleep_until(Instant::now() + again) => {}
        }
    }
    tell(Readiness { down: Some("the connection is closed".into()), roles: BTreeMap::new() });
}

/// Why each role cannot be called. The first time it runs the cells' `init`, as any first call does.
async fn ask(ham: &PersistentHam, roles: &[String]) -> BTreeMap<String, Option<String>> {
    let asked = match roles {
        [] => match ham.app_info().await {
            Ok(info) => {
                let provisioned =
                    |cells: &Vec<CellInfo>| cells.iter().any(|cell| matches!(cell, CellInfo::Provisioned(_)));
                info.cell_info
                    .into_iter()
                    .filter(|(_, cells)| provisioned(cells))
                    .map(|(role, _)| role)
                    .collect()
            }
            Err(error) => return BTreeMap::from([("*".to_owned(), Some(error.to_string()))]),
        },
        roles => roles.to_vec(),
    };
    let mut known = BTreeMap::new();
    for role in asked {
        let why = ham.callable(role.as_str()).await.err().map(|error| error.to_string());
        known.insert(role, why);
    }
    known
}

const ASK_AGAIN: Duration = Duration::from_secs(30);
/// While it cannot be called.
const ASK_SOON: Duration = Duration::from_secs(1);
