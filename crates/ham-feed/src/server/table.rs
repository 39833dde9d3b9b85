//! Who has subscribed to what, and what they are sent. All of it is under one lock, so that a subscription begins between two messages:
//! nothing is lost or doubled between what is repeated and what is live.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ham_session::LossySender;

use super::history::History;
use super::interest::Interest;
use super::news::{Draft, News};
use super::position::Position;
use super::websocket::Utf8Bytes;
use crate::since::Since;

/// What waits for a subscriber.
#[derive(Clone, Debug)]
pub(super) enum Outbound {
    News(Arc<News>),
    /// An answer, or a message for a client that did not ask for ids.
    Text(Utf8Bytes),
}

#[derive(Debug)]
pub(super) struct Table {
    newest: Position,
    history: History,
    /// By chain, then by the number of the subscription.
    chains: HashMap<Arc<str>, HashMap<u64, Subscriber>>,
}

/// What one subscription wants of one chain.
#[derive(Debug)]
struct Subscriber {
    queue: LossySender<Outbound>,
    interest: Interest,
    /// Whether ids were requested.
    ids: bool,
}

/// What a topic that was just added begins with.
#[derive(Debug)]
pub(super) struct Replay {
    /// The message after which it begins.
    pub(super) from: Position,
    /// Why something is missing before what is repeated.
    pub(super) gap: Option<&'static str>,
    /// What is repeated, oldest first.
    pub(super) messages: Vec<Arc<News>>,
}

impl Table {
    pub(super) fn new(history: History) -> Self {
        Self { newest: Position::start(), history, chains: HashMap::new() }
    }

    pub(super) fn newest(&self) -> Position {
        self.newest
    }

    /// Sends it to everyone it concerns, and keeps it; returns how many there were.
    pub(super) fn publish(&mut self, draft: Draft) -> usize {
        self.newest = self.newest.at(self.newest.number() + 1);
        let news = Arc::new(draft.at(self.newest));
        let mut plain: Option<Utf8Bytes> = None;
        let mut delivered = 0;
        for subscriber in self.chains.get(&news.chain_name).into_iter().flat_map(HashMap::values) {
            if !subscriber.interest.covers(&news) {
                continue;
            }
            let (outbound, bytes) = if subscriber.ids {
                (Outbound::News(Arc::clone(&news)), news.text().len())
            } else {
                let text = plain.get_or_insert_with(|| news.plain()).clone();
                let bytes = text.len();
                (Outbound::Text(text), bytes)
            };
            subscriber.queue.put(outbound, bytes);
            delivered += 1;
        }
        self.history.keep(news);
        delivered
    }

    /// Adds a topic to a subscription; returns what it has missed since then, except what another topic of the same subscription has
    /// covered. Everything from now on is sent to its queue.
    pub(super) fn subscribe(
        &mut self,
        number: u64,
        queue: &LossySender<Outbound>,
        chain_name: &str,
        event_type: Option<&str>,
        since: &Since,
    ) -> Replay {
        let lost = self.history.lost(chain_name);
        let (from, gap) = match since {
            Since::Unsaid | Since::Now => (self.newest.number(), None),
            Since::After(id) => match Position::of(id, self.newest) {
                Some(n) if n >= lost => (n, None),
                Some(_) => (lost, Some(HISTORY_LOST)),
                None => (lost, Some(RESTART)),
            },
        };
        let subscribers = match self.chains.get_mut(chain_name) {
            Some(subscribers) => subscribers,
            None => self.chains.entry(chain_name.into()).or_default(),
        };
        let subscriber = subscribers.entry(number).or_insert_with(|| Subscriber {
            queue: queue.clone(),
            interest: Interest::default(),
            ids: false,
        });
        let mut added = Interest::default();
        added.add(event_type, from);
        let missed = self.history.after(chain_name, from);
        let messages = missed
            .filter(|news| added.covers(news) && !subscriber.interest.has_covered(news))
            .cloned()
            .collect();
        subscriber.interest.add(event_type, from);
        subscriber.ids |= since.is_said();
        Replay { from: self.newest.at(from), gap, messages }
    }

    /// Removes the topics that a subscription has of a chain.
    pub(super) fn unsubscribe(&mut self, number: u64, chain_name: &str) {
        if let Some(subscribers) = self.chains.get_mut(chain_name) {
            subscribers.remove(&number);
            if subscribers.is_empty() {
                self.chains.remove(chain_name);
            }
        }
    }

    /// Subscribers by chain, for the chains that may be shown.
    pub(super) fn counts(&self, shown: impl Fn(&str) -> bool) -> BTreeMap<String, usize> {
        let shown = self.chains.iter().filter(|(name, _)| shown(name));
        shown.map(|(name, subscribers)| (name.to_string(), subscribers.len())).collect()
    }
}

/// The cause of a gap that a table finds.
pub(super) const HISTORY_LOST: &str = "history_lost";
const RESTART: &str = "restart";

#[cfg(test)]
mod tests;
