//! The messages of a chain, in order and each once, however slowly they are read.

use std::sync::Arc;
use std::time::Duration;

use ham_feed::Since;
use ham_feed::server::{News, NewsKind, Subscription};
use tokio::time::Instant;

use crate::feed::Feed;

/// Reads a chain of the feed. Unread messages wait in the feed's bounded history: those that the queue dropped are read
/// from there.
#[derive(Debug)]
pub(super) struct ChainReader {
    feed: Arc<Feed>,
    chain: String,
    subscription: Option<Subscription>,
    /// The id of the last message that was taken, and its number.
    last: (String, u64),
}

impl ChainReader {
    /// From the first message of this process on, as far as it is kept.
    pub(super) fn from_the_start(feed: Arc<Feed>, chain: &str) -> Self {
        let last = (feed.start(), 0);
        Self { feed, chain: chain.to_owned(), subscription: None, last }
    }

    /// The id of the last message that was taken.
    pub(super) fn last(&self) -> &str {
        &self.last.0
    }

    /// The next message; a gap is one that the feed itself has.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(super) async fn next(&mut self) -> Arc<News> {
        loop {
            let Some(subscription) = &mut self.subscription else {
                let since = Since::After(self.last.0.clone());
                self.subscription = self.feed.within(&self.chain, &since);
                if self.subscription.is_none() {
                    tokio::time::sleep_until(Instant::now() + NO_PLACE).await;
                }
                continue;
            };
            let Some(news) = subscription.next().await else {
                self.subscription = None;
                continue;
            };
            let number = news.id().number();
            if number > self.last.1 {
                self.last = (news.id().to_string(), number);
                return news;
            }
            // Only a gap can have the id of something already told: its queue dropped what came since.
            if news.kind() == NewsKind::Gap {
                self.subscription = None;
            }
        }
    }
}

/// How long to wait until there may be a place.
const NO_PLACE: Duration = Duration::from_secs(1);
