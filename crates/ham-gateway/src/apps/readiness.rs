//! Whether the cells of an app can be called: asked when its link comes up, every half minute, and soon after a call
//! was refused because a cell cannot be called. No request waits for the answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ham::PersistentHam;
use holochain_conductor_api::CellInfo;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::kind::Kind;
use crate::{metrics, words};

/// What is known of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness {
    /// Why there is no link; `None` while there is one.
    pub(crate) down: Option<String>,
    /// Each role that was asked about, and why it cannot be called; empty until the first answer.
    pub(crate) roles: BTreeMap<String, Option<String>>,
}

impl Readiness {
    pub(crate) fn is_ready(&self) -> bool {
        self.down.is_none() && !self.roles.is_empty() && self.roles.values().all(Option::is_none)
    }

    /// The first reason against it, in words.
    pub(crate) fn why(&self) -> Option<String> {
        let role = || self.roles.iter().find_map(|(role, why)| Some(format!("{role}: {}", why.as_deref()?)));
        let nothing = || self.roles.is_empty().then(|| "it has not been asked yet".to_owned());
        self.down.clone().or_else(role).or_else(nothing)
    }
}

/// Signals doubts whether what is known of an app still holds. However many there are before the next look, they count as one.
#[derive(Debug, Default)]
pub(crate) struct RecheckSignal(Notify);

impl RecheckSignal {
    /// A call was refused with this.
    pub(crate) fn refused(&self, kind: Kind) {
        if matches!(kind, Kind::CellNotRunning | Kind::CellStarting | Kind::CellNotFound) {
            self.0.notify_one();
        }
    }

    /// Resolves when it is time to ask again: after this long, or earlier if there are doubts, including those from before.
    ///
    /// # Cancel safety
    /// A doubt may be lost.
    async fn ask_again(&self, asked: Instant, after: Duration) {
        let soon = async {
            self.0.notified().await;
            tokio::time::sleep_until(asked + ASK_SOON).await;
        };
        tokio::select! {
            // The doubts first: the next answer settles them.
            biased;
            () = soon => {}
            () = tokio::time::sleep_until(asked + after) => {}
        }
    }
}

/// Publishes what is known, until the connection is closed or nobody listens.
pub(crate) async fn watch(
    id: String,
    ham: PersistentHam,
    roles: Vec<String>,
    recheck: Arc<RecheckSignal>,
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
            // The state first: an answer that was asked for over a link that is gone means nothing.
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
            // A doubt that comes with a change of the link is settled by the same answer.
            () = recheck.ask_again(Instant::now(), again) => {}
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
            Err(error) => return BTreeMap::from([("*".to_owned(), Some(words::of(&error)))]),
        },
        roles => roles.to_vec(),
    };
    let mut known = BTreeMap::new();
    for role in asked {
        let why = ham.callable(role.as_str()).await.err().map(|error| words::of(&error));
        known.insert(role, why);
    }
    known
}

const ASK_AGAIN: Duration = Duration::from_secs(30);
/// While it cannot be called, and when there are doubts: no more often than this.
const ASK_SOON: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls were refused for half a minute while the gateway said that it was ready.
    #[tokio::test(start_paused = true)]
    async fn a_refused_call_has_it_asked_and_a_storm_of_them_once_a_second() {
        let (recheck, asked) = (RecheckSignal::default(), Instant::now());
        let waits = async |since| {
            let before = Instant::now();
            recheck.ask_again(since, ASK_AGAIN).await;
            before.elapsed()
        };
        assert_eq!(waits(asked).await, ASK_AGAIN);
        for _ in 0..100 {
            recheck.refused(Kind::CellNotRunning);
        }
        assert_eq!(waits(asked).await, Duration::ZERO, "it was asked long ago");
        assert_eq!(waits(Instant::now()).await, ASK_AGAIN, "they were one doubt");
        recheck.refused(Kind::CellNotFound);
        assert_eq!(waits(Instant::now()).await, ASK_SOON);
        recheck.refused(Kind::ZomeError);
        assert_eq!(waits(Instant::now()).await, ASK_AGAIN);
    }
}
