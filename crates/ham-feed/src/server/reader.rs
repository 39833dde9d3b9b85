//! What one reader is told, in order.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use ham_persistent::WallClock;
use ham_session::{LossyReceiver, Received};

use super::news::{Draft, News};
use super::position::Position;
use super::table::{HISTORY_LOST, Outbound, Replay};
use super::wire;

/// What one reader is told, in order: what is repeated when a subscription begins, and then the queue.
#[derive(Debug)]
pub(super) struct Reader {
    queue: LossyReceiver<Outbound>,
    /// What comes before the queue.
    before: VecDeque<Outbound>,
    /// How many bytes that takes, and how many it may take.
    bytes: usize,
    most_bytes: usize,
    /// The chains that are followed; for those with ids, the position up to which they have been told.
    chains: HashMap<Arc<str>, Option<Position>>,
    clock: Arc<dyn WallClock>,
    /// What all readers together have missed.
    missed: Arc<AtomicU64>,
}

impl Reader {
    pub(super) fn new(
        queue: LossyReceiver<Outbound>,
        most_bytes: usize,
        clock: Arc<dyn WallClock>,
        missed: Arc<AtomicU64>,
    ) -> Self {
        Self { queue, before: VecDeque::new(), bytes: 0, most_bytes, chains: HashMap::new(), clock, missed }
    }

    /// What comes next; never `None` as long as its sender lives. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<Outbound> {
        loop {
            if let Some(outbound) = self.waiting() {
                return Some(outbound);
            }
            let received = self.queue.next().await?;
            self.take(received);
        }
    }

    /// What is already there.
    pub(super) fn try_next(&mut self) -> Option<Outbound> {
        if self.before.is_empty() {
            let received = self.queue.try_next()?;
            self.take(received);
        }
        self.waiting()
    }

    /// A chain is followed, from that position on: confirms it to clients that asked for ids, and repeats what was missed.
    pub(super) fn begin(
        &mut self,
        chain_name: &Arc<str>,
        event_type: Option<&str>,
        ids: bool,
        replay: Replay,
    ) {
        let followed = self.chains.entry(Arc::clone(chain_name)).or_default();
        if !ids {
            return;
        }
        let Replay { mut from, mut gap, mut messages } = replay;
        let room = self.most_bytes.saturating_sub(self.bytes);
        let first = first_that_fits(&messages, room);
        if let Some(last_cut) = messages[..first].last() {
            from = last_cut.id();
            gap = gap.or(Some(HISTORY_LOST));
        }
        messages.drain(..first);
        // An earlier subscription to the same chain may already have been told more.
        followed.get_or_insert(from);
        self.push(Outbound::Text(wire::subscribed(chain_name, event_type, from).into()));
        if let Some(cause) = gap {
            self.push(Outbound::News(self.gap(chain_name, cause, None, from)));
        }
        for news in messages {
            self.push(Outbound::News(news));
        }
    }

    /// Puts what is repeated from several chains into one order, that of the ids: a client with one id for all chains, such as a
    /// browser with an event stream, can go on from any of them.
    pub(super) fn put_in_order(&mut self) {
        self.before.make_contiguous().sort_by_key(|outbound| match outbound {
            Outbound::Text(_) => 0,
            Outbound::News(news) => news.id().number(),
        });
    }

    /// A chain is no longer followed: what waits to be repeated is not sent.
    pub(super) fn end(&mut self, chain_name: &str) {
        self.chains.remove(chain_name);
        self.before
            .retain(|outbound| !matches!(outbound, Outbound::News(news) if *news.chain_name == *chain_name));
        self.bytes = self.before.iter().map(size).sum();
    }

    fn take(&mut self, received: Received<Outbound>) {
        match received {
            Received::Item(outbound) => self.push(outbound),
            Received::Missed(missed) => self.lagged(missed),
        }
    }

    /// As the document says it for all chains, and as a gap for each chain with ids. A gap's id is that of the last message before
    /// it: subscribing after that repeats what was lost.
    fn lagged(&mut self, missed: u64) {
        self.missed.fetch_add(missed, Ordering::Relaxed);
        self.push(Outbound::Text(wire::error(&format!("lagged: {missed} messages were dropped")).into()));
        let missed = (self.chains.len() == 1).then_some(missed);
        let with_ids = self.chains.iter().filter_map(|(chain, at)| Some((chain, (*at)?)));
        let gaps: Vec<_> = with_ids.map(|(chain, at)| self.gap(chain, "lagged", missed, at)).collect();
        for gap in gaps {
            self.push(Outbound::News(gap));
        }
    }

    fn gap(&self, chain_name: &str, cause: &str, missed: Option<u64>, at: Position) -> Arc<News> {
        let now = self.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Arc::new(Draft::gap(chain_name, cause, missed, now).at(at))
    }

    fn push(&mut self, outbound: Outbound) {
        self.bytes += size(&outbound);
        self.before.push_back(outbound);
    }

    fn waiting(&mut self) -> Option<Outbound> {
        let outbound = self.before.pop_front()?;
        self.bytes -= size(&outbound);
        if let Outbound::News(news) = &outbound
            && let Some(Some(told)) = self.chains.get_mut(&news.chain_name)
            && told.number() < news.id().number()
        {
            *told = news.id();
        }
        Some(outbound)
    }
}

/// From which message on they fit into this many bytes: the newest are worth the most.
fn first_that_fits(messages: &[Arc<News>], room: usize) -> usize {
    let mut left = room;
    let fits = messages.iter().rev().take_while(|news| match left.checked_sub(news.bytes()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    messages.len() - fits.count()
}

fn size(outbound: &Outbound) -> usize {
    match outbound {
        Outbound::News(news) => news.bytes(),
        Outbound::Text(text) => size_of::<Outbound>() + text.len(),
    }
}
