//! The messages that are kept for subscribers that come back.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::news::News;

/// The newest messages of each chain, bounded in messages per chain and in bytes over all: the chain that holds the most gives way first.
#[derive(Debug)]
pub(super) struct History {
    most: usize,
    most_bytes: usize,
    chains: HashMap<Arc<str>, ChainHistory>,
    /// How many bytes each chain holds, the largest last.
    sizes: BTreeSet<(usize, Arc<str>)>,
    bytes: usize,
    /// The number of the newest message among the chains of which nothing is kept.
    forgotten: u64,
}

/// What is kept of one chain.
#[derive(Debug, Default)]
struct ChainHistory {
    news: VecDeque<Arc<News>>,
    bytes: usize,
    /// The number of the newest message that is no longer kept.
    lost: u64,
}

impl History {
    /// At most this many messages per chain, and this many bytes over all. A single message larger than that is not kept.
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, chains: HashMap::new(), sizes: BTreeSet::new(), bytes: 0, forgotten: 0 }
    }

    /// Keeps the newest message; the oldest of its chain, or of the largest, gives way.
    pub(super) fn keep(&mut self, news: Arc<News>) {
        let chain_name = Arc::clone(&news.chain_name);
        let forgotten = self.forgotten;
        let kept = self
            .chains
            .entry(Arc::clone(&chain_name))
            .or_insert_with(|| ChainHistory { lost: forgotten, ..ChainHistory::default() });
        let before = kept.bytes;
        kept.bytes += cost(&news);
        kept.news.push_back(news);
        let (after, many) = (kept.bytes, kept.news.len() > self.most);
        self.resize(&chain_name, before, after);
        if many {
            self.drop_oldest(&chain_name);
        }
        while self.bytes > self.most_bytes {
            let Some((_, largest)) = self.sizes.last().cloned() else { return };
            self.drop_oldest(&largest);
        }
    }

    /// The number of the newest message of this chain that is no longer kept; everything after it is kept.
    pub(super) fn lost(&self, chain_name: &str) -> u64 {
        self.chains.get(chain_name).map_or(self.forgotten, |kept| kept.lost)
    }

    /// What is kept of a chain after message `n`, oldest first.
    pub(super) fn after(&self, chain_name: &str, n: u64) -> impl Iterator<Item = &Arc<News>> {
        let kept = self.chains.get(chain_name).map(|kept| &kept.news);
        let from = kept.map_or(0, |news| news.partition_point(|news| news.at.number() <= n));
        kept.into_iter().flat_map(move |news| news.range(from..))
    }

    fn drop_oldest(&mut self, chain_name: &Arc<str>) {
        let Some(kept) = self.chains.get_mut(chain_name) else { return };
        let before = kept.bytes;
        if let Some(oldest) = kept.news.pop_front() {
            kept.bytes -= cost(&oldest);
            kept.lost = oldest.at.number();
        }
        let (after, lost) = (kept.bytes, kept.lost);
        if kept.news.is_empty() {
            self.chains.remove(chain_name);
            self.forgotten = self.forgotten.max(lost);
        }
        self.resize(chain_name, before, after);
    }

    fn resize(&mut self, chain_name: &Arc<str>, before: usize, after: usize) {
        self.sizes.remove(&(before, Arc::clone(chain_name)));
        if after > 0 {
            self.sizes.insert((after, Arc::clone(chain_name)));
        }
        self.bytes = self.bytes - before + after;
    }
}

/// What a message adds, including its places in the tables.
fn cost(news: &News) -> usize {
    news.bytes() + news.chain_name.len() + PLACES
}

/// Roughly what the tables need for a message, in bytes.
const PLACES: usize = 128;

#[cfg(test)]
mod tests;
