//! What is in the stream.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::stream::{Config, LastRawMessageError};
use async_nats::jetstream::{self, Context};
use serde_json::Value;

use crate::stage::must;

/// The stream of a gateway, as a reader sees it.
pub(crate) struct Stream {
    context: Context,
}

/// A message in it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) body: Value,
}

impl Stream {
    pub(crate) fn of(client: Client) -> Self {
        Self { context: jetstream::new(client) }
    }

    /// Makes it before the gateway does: it forgets ids at once, so that they prove nothing.
    pub(crate) async fn forgetful(&self) {
        must(self.context.create_stream(config(Duration::from_millis(100)))).await.unwrap();
    }

    /// Forgets all messages.
    pub(crate) async fn purge(&self) {
        self.context.get_stream("HAM").await.unwrap().purge().await.unwrap();
    }

    /// All messages, in order; none where there is no stream yet.
    pub(crate) async fn all(&self) -> Vec<Kept> {
        self.read().await.unwrap()
    }

    /// The same; while a cluster has no leader, it cannot be read.
    async fn read(&self) -> Result<Vec<Kept>, LastRawMessageError> {
        let Ok(stream) = self.context.get_stream("HAM").await else { return Ok(Vec::new()) };
        let state = stream.cached_info().state.clone();
        let mut all = Vec::new();
        for sequence in state.first_sequence.max(1)..=state.last_sequence {
            let message = must(stream.get_raw_message(sequence)).await?;
            all.push(Kept {
                subject: message.subject.to_string(),
                id: message.headers.get("Nats-Msg-Id").unwrap().to_string(),
                body: serde_json::from_slice(&message.payload).unwrap(),
            });
        }
        Ok(all)
    }

    /// The same once this is true of it. Each look asks the server, so it is no idle loop.
    pub(crate) async fn once(&self, enough: impl Fn(&[Kept]) -> bool) -> Vec<Kept> {
        must(async {
            loop {
                if let Ok(all) = self.read().await
                    && enough(&all)
                {
                    return all;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }
}

/// A stream that somebody else makes for a gateway, and that knows ids for so long.
pub(crate) fn config(duplicate_window: Duration) -> Config {
    let subjects = vec!["ham.*.block".into(), "ham.*.event.*".into(), "ham.*.gap".into()];
    Config { name: "HAM".to_owned(), subjects, duplicate_window, ..Config::default() }
}

/// Hashes and heights of the blocks of a chain, in the order in which they stand there.
pub(crate) fn blocks(all: &[Kept], subject: &str) -> Vec<(String, u64)> {
    let of_chain = all.iter().filter(|kept| kept.subject == subject);
    of_chain
        .map(|kept| {
            let data = &kept.body["data"];
            assert_eq!(kept.id, data["block_hash"].as_str().unwrap(), "the id is the hash");
            (kept.id.clone(), data["height"].as_u64().unwrap())
        })
        .collect()
}

/// The causes of its gaps.
pub(crate) fn gaps(all: &[Kept]) -> Vec<String> {
    let gaps = all.iter().filter(|kept| kept.subject.ends_with(".gap"));
    gaps.map(|kept| kept.body["cause"].as_str().unwrap().to_owned()).collect()
}

/// What its events are about, sorted: `post_commit` of two calls may run in either order. They stand there in the order of the feed.
pub(crate) fn entities(all: &[Kept], subject: &str) -> Vec<String> {
    let events: Vec<_> = all.iter().filter(|kept| kept.subject == subject).collect();
    let number = |kept: &&Kept| kept.id.rsplit('-').next().unwrap().parse::<u64>().unwrap();
    assert!(events.iter().map(number).is_sorted_by(|one, next| one < next), "in the feed's order");
    let about = events.iter().map(|kept| kept.body["data"]["entity_id"].as_str().unwrap().to_owned());
    // The commit of `init` is told by each zome that has a `post_commit`.
    let mut about: Vec<_> = about.collect();
    about.sort();
    about
}
