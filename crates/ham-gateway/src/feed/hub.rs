//! The feed that all connections share.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use ham_feed::server::{
    FeedServer, FeedServerConfig, Goodbye, Guest, RefusedSubscription, ServerConfigError, Subscription,
};
#[cfg(feature = "nats")]
use ham_feed::{Since, Topic};
use holochain_zome_types::cell::CellId;
use serde_json::Value;
use tokio::sync::watch;

use super::chains::Chains;
use super::followers::Followers;
use crate::auth::Identity;
use crate::config::Config;
use crate::kind::Kind;
use crate::metrics::{self, Following};
use crate::problem::Problem;

/// The feed that all connections share.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(super) server: FeedServer,
    chains: Arc<Chains>,
    /// The chain of each cell that was seen, and the cell.
    cells: watch::Sender<CellChains>,
    keys: Arc<Followers>,
    pub(super) stream_life: Duration,
}

/// The chains of cells: by name, the app, the role and the cell.
pub(crate) type CellChains = BTreeMap<String, CellChain>;

/// The cell of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellChain {
    pub(crate) app: String,
    pub(crate) role: String,
    pub(crate) cell: CellId,
}

impl Feed {
    /// Without subscribers.
    pub(crate) fn new(config: &Config) -> Result<Self, ServerConfigError> {
        let (feed, limits) = (&config.feed, &config.limits);
        let positive = |number: usize| NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN);
        // A guest says who is admitted, and to which chains.
        let bounds = FeedServerConfig::default()
            .with_queue(positive(feed.queue))
            .with_history(feed.history, feed.history_bytes)
            .with_max_subscriptions(positive(feed.subscriptions))
            .with_max_connections(positive(limits.connections))
            .with_max_connections_each(positive(limits.streams_per_key));
        Ok(Self {
            server: FeedServer::new(bounds)?,
            chains: Arc::new(Chains::of(config)),
            cells: watch::Sender::default(),
            keys: Arc::default(),
            stream_life: feed.stream_life,
        })
    }

    /// How many connections follow it.
    pub(crate) fn following(&self) -> usize {
        self.server.connections()
    }

    /// How many of them each key has, by its id.
    pub(crate) fn following_by_key(&self) -> BTreeMap<String, usize> {
        self.keys.count()
    }

    /// The holder of this key: it follows the chains that are listed for it, under any of their names.
    pub(super) fn guest(&self, identity: &Arc<Identity>, transport: &'static str) -> Guest {
        let (chains, identity) = (Arc::clone(&self.chains), Arc::clone(identity));
        let id = identity.id.clone();
        let following = (Following::begun(transport), Followers::one_more(&self.keys, &id));
        Guest::new(id).with_chains(move |name| {
            // Counted for as long as somebody could ask.
            let _counted = &following;
            chains.has(name) && chains.names_of(name).iter().any(|name| identity.may_follow(name))
        })
    }

    /// The names of the chains that a caller may follow, in words; empty if there are none.
    pub(super) fn known_to(&self, identity: &Identity) -> String {
        let known = self.chains.names().filter(|name| identity.may_follow(name));
        let known: Vec<_> = known.take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
        match known.as_slice() {
            [] => String::new(),
            known => format!("; among those that the key may follow are {}", known.join(", ")),
        }
    }

    /// A subscription for a caller, which follows nothing yet.
    pub(crate) fn subscription(
        &self,
        identity: &Arc<Identity>,
        transport: &'static str,
    ) -> Result<Subscription, Problem> {
        self.server.subscription(self.guest(identity, transport)).map_err(|why| {
            let kind = match why {
                RefusedSubscription::Closing => Kind::ShuttingDown,
                _ => Kind::TooManyConnections,
            };
            Problem::new(kind, why.to_string())
        })
    }

    /// The chains of all cells that were seen; changes when there is another.
    #[cfg(feature = "nats")]
    pub(crate) fn cells(&self) -> watch::Receiver<CellChains> {
        self.cells.subscribe()
    }

    /// The messages of a chain after message `since`, for a part of the gateway itself; `None` once the feed stops, or
    /// if there is no place.
    #[cfg(feature = "nats")]
    pub(crate) fn within(&self, chain: &str, since: &Since) -> Option<Subscription> {
        let followed = Following::begun("nats");
        let guest = Guest::new("(nats)").with_chains(move |_| {
            let _counted = &followed;
            true
        });
        self.server.subscribe(guest, &[Topic::chain(chain)], since).ok()
    }

    /// The position before the first message of this process.
    #[cfg(feature = "nats")]
    pub(crate) fn start(&self) -> String {
        let newest = self.server.newest().to_string();
        let epoch = newest.split_once('-').map_or(newest.as_str(), |(epoch, _)| epoch);
        format!("{epoch}-0")
    }

    /// A cell was seen.
    pub(super) fn has_cell(&self, app: &str, role: &str, cell: &CellId) {
        let chain = CellChain { app: app.to_owned(), role: role.to_owned(), cell: cell.clone() };
        self.cells.send_if_modified(|cells| insert(cells, chain));
    }

    pub(super) fn block(&self, app: &str, role: &str, data: &Value) {
        for name in self.chains.of_cell(app, Some(role)) {
            metrics::message(&name, self.server.publish_block(&name, data), self.server.missed());
        }
    }

    pub(super) fn event(&self, app: &str, role: &str, data: &Value) {
        for name in self.chains.of_cell(app, Some(role)) {
            metrics::message(&name, self.server.publish_event(&name, data), self.server.missed());
        }
    }

    /// Something may be missing from every cell of the app.
    pub(super) fn gap(
        &self,
        app: &str,
        roles: &HashSet<&str>,
        cause: &'static str,
        missed: Option<u64>,
        ago: Duration,
    ) {
        let mut names: BTreeSet<String> = self.chains.of_cell(app, None).into_iter().collect();
        names.extend(roles.iter().flat_map(|role| self.chains.of_cell(app, Some(role))));
        names.extend(self.chains.given_of(app));
        metrics::gap(cause);
        for name in names {
            self.server.publish_gap(&name, cause, missed, ago);
        }
    }

    /// Closes the subscriptions of the keys for which this is true.
    pub(crate) fn revoke(&self, whose: impl Fn(&str) -> bool) {
        let closed = self.server.close_where(whose, Goodbye::Revoked);
        if closed > 0 {
            tracing::info!(event = "gateway.feed.revoked", closed, "access was revoked");
        }
    }

    /// Ends all subscriptions; clients are told that the gateway will be back.
    pub(crate) async fn close(&self) {
        self.server.shutdown_saying(Goodbye::Restarts).await;
    }
}

/// Adds a chain, or gives one that is known its new cell. Returns whether that changed anything.
fn insert(cells: &mut CellChains, chain: CellChain) -> bool {
    let name = format!("{}/{}", chain.app, chain.role);
    let changes = match cells.get(&name) {
        Some(known) => *known != chain,
        None => cells.len() < MOST_CELLS,
    };
    if changes {
        cells.insert(name, chain);
    }
    changes
}

/// Cells whose chains are known by name.
const MOST_CELLS: usize = 4_096;
/// Names of chains in an answer.
const MOST_NAMED: usize = 20;

#[cfg(test)]
mod tests {
    use holochain_zome_types::prelude::{AgentPubKey, DnaHash};

    use super::*;

    /// Case: with as many chains as are known at most, one whose cell was replaced kept the cell that is gone.
    #[test]
    fn the_cell_of_a_known_chain_is_replaced_also_when_there_are_no_more_places() {
        let chain = |role: usize, agent| CellChain {
            app: "app".into(),
            role: role.to_string(),
            cell: CellId::new(DnaHash::from_raw_36(vec![0; 36]), AgentPubKey::from_raw_36(vec![agent; 36])),
        };
        let mut cells = CellChains::new();
        for role in 0..MOST_CELLS {
            assert!(insert(&mut cells, chain(role, 0)));
        }
        assert!(!insert(&mut cells, chain(MOST_CELLS, 0)), "there is no place");
        assert!(!insert(&mut cells, chain(7, 0)), "it is known");
        assert!(insert(&mut cells, chain(7, 1)));
        assert_eq!(cells["app/7"], chain(7, 1));
        assert_eq!(cells.len(), MOST_CELLS);
    }
}
