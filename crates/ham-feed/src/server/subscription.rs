//! A subscription without a connection: what a WebSocket, a stream of server-sent events or a program reads from.

use std::collections::HashSet;
use std::sync::Arc;

use ham_session::{LossySender, lossy_queue};
use tokio::sync::OwnedSemaphorePermit;

use super::goodbye::{CloseSignal, Goodbye};
use super::guest::Guest;
use super::hub::Hub;
use super::news::News;
use super::position::Position;
use super::reader::Reader;
use super::table::{Outbound, Table};
use super::wire;
use crate::since::Since;
use crate::topic::Topic;

/// The subscriptions of one reader, made by [`FeedServer::subscribe`](super::FeedServer::subscribe). Its queue is bounded by
/// [`FeedServerConfig::queue`](super::FeedServerConfig::queue) and [`queue_bytes`](super::FeedServerConfig::queue_bytes): a reader
/// that is too slow gets a gap in place of what it lost, and delays nobody. Dropping it ends them.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    guest: Guest,
    number: u64,
    queue: LossySender<Outbound>,
    reader: Reader,
    /// Chain and type of each; no type means everything.
    topics: HashSet<(Arc<str>, Option<String>)>,
    close_signal: CloseSignal,
    _place: OwnedSemaphorePermit,
}

impl Subscription {
    /// Without topics; `None` if there is no place for it.
    pub(super) fn new(hub: Arc<Hub>, guest: Guest) -> Option<Self> {
        let place = hub.place()?;
        let config = &hub.config;
        let (queue, receiver) = lossy_queue(config.queue.get(), config.queue_bytes);
        let reader =
            Reader::new(receiver, config.queue_bytes, Arc::clone(&config.clock), Arc::clone(&hub.missed));
        let (number, close_signal) =
            hub.registry().register(guest.shared_identity(), config.max_connections_each)?;
        Some(Self { hub, guest, number, queue, reader, topics: HashSet::new(), close_signal, _place: place })
    }

    /// The next message, gaps included, in the order of their chains; `None` once the server has ended it, for the reason that
    /// [`ended`](Self::ended) gives.
    ///
    /// # Cancel safety
    /// Cancel-safe: no message is lost.
    pub async fn next(&mut self) -> Option<Arc<News>> {
        loop {
            let outbound = tokio::select! {
                // The end first: a busy feed must not hide it.
                biased;
                _ = self.close_signal.closed() => return None,
                outbound = self.reader.next() => outbound?,
            };
            if let Outbound::News(news) = outbound {
                return Some(news);
            }
        }
    }

    /// Resolves when the server has ended it, with the reason.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn ended(&self) -> Goodbye {
        self.close_signal.closed().await
    }

    /// Whose it is.
    #[must_use]
    pub fn guest(&self) -> &Guest {
        &self.guest
    }

    /// Adds everything of a chain, or its events of one type; returns the message after which it begins.
    ///
    /// # Errors
    /// A text for the client: the name is too long, there is no such chain for this client, or it has too many subscriptions.
    pub fn add(
        &mut self,
        chain_name: &str,
        event_type: Option<&str>,
        since: &Since,
    ) -> Result<Position, String> {
        let hub = Arc::clone(&self.hub);
        self.subscribe(&mut hub.table(), chain_name, event_type, since)
    }

    /// Adds several, all of which begin between the same two messages; what is repeated comes in the order of the ids. Returns the
    /// message after which the earliest begins; `None` without topics.
    ///
    /// # Errors
    /// As [`add`](Self::add), for the first topic that is refused; those before it stay.
    pub fn add_all(&mut self, topics: &[Topic], since: &Since) -> Result<Option<Position>, String> {
        let hub = Arc::clone(&self.hub);
        let mut table = hub.table();
        let mut start: Option<Position> = None;
        for topic in topics {
            let of_types = topic.event_types.iter().map(|event_type| Some(event_type.as_str()));
            let all = topic.event_types.is_empty().then_some(None);
            for event_type in all.into_iter().chain(of_types) {
                let from = self.subscribe(&mut table, &topic.chain_name, event_type, since)?;
                if start.is_none_or(|start| from.number() < start.number()) {
                    start = Some(from);
                }
            }
        }
        self.reader.put_in_order();
        Ok(start)
    }

    fn subscribe(
        &mut self,
        table: &mut Table,
        chain_name: &str,
        event_type: Option<&str>,
        since: &Since,
    ) -> Result<Position, String> {
        let topic = (Arc::from(chain_name), event_type.map(ToOwned::to_owned));
        let is_there = self.topics.contains(&topic);
        if is_there && !since.is_said() {
            return Ok(table.newest());
        }
        if !is_there {
            self.check(chain_name, event_type)?;
        }
        let replay = table.subscribe(self.number, &self.queue, chain_name, event_type, since);
        let from = replay.from;
        self.reader.begin(&topic.0, event_type, since.is_said(), replay);
        self.topics.insert(topic);
        Ok(from)
    }

    /// Whether it may be added; an error is a text for the client.
    fn check(&self, chain_name: &str, event_type: Option<&str>) -> Result<(), String> {
        let config = &self.hub.config;
        let longest = config.max_name;
        if chain_name.len() > longest || event_type.is_some_and(|name| name.len() > longest) {
            return Err(format!(
                "the name is too long: chain_name and event_type have at most {longest} bytes"
            ));
        }
        if !config.knows(chain_name) || !self.guest.may_follow(chain_name) {
            return Err(format!("unknown chain: {chain_name}"));
        }
        let limit = config.max_subscriptions.get();
        if self.topics.len() >= limit {
            return Err(format!("too many subscriptions: {limit} are allowed"));
        }
        Ok(())
    }

    /// Ends everything that was added for a chain.
    pub fn remove(&mut self, chain_name: &str) {
        self.topics.retain(|(name, _)| **name != *chain_name);
        self.hub.table().unsubscribe(self.number, chain_name);
        self.reader.end(chain_name);
    }

    /// What comes next, answers included. Cancel-safe.
    pub(super) async fn next_outbound(&mut self) -> Option<Outbound> {
        self.reader.next().await
    }

    /// What is already there, answers included.
    pub(super) fn try_next_outbound(&mut self) -> Option<Outbound> {
        self.reader.try_next()
    }

    pub(super) fn close_signal(&self) -> CloseSignal {
        self.close_signal.clone()
    }

    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Queues an answer.
    pub(super) fn tell(&self, text: String) {
        let bytes = text.len();
        self.queue.put(Outbound::Text(text.into()), bytes);
    }

    /// Queues the answer to a ping.
    pub(super) fn pong(&self) {
        self.tell(wire::pong(self.hub.now()));
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let chains: HashSet<_> = self.topics.drain().map(|(chain_name, _)| chain_name).collect();
        let mut table = self.hub.table();
        for chain_name in chains {
            table.unsubscribe(self.number, &chain_name);
        }
        drop(table);
        self.hub.registry().unregister(self.number);
    }
}
