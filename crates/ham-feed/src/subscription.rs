//! One subscription: its items, and requests about it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use ham_persistent::{Persistent, State, later};
use ham_session::{GapCause, LossyReceiver, Received, WebSocketConnector, live_link};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::data::Data;
use crate::error::RequestError;
use crate::item::FeedItem;
use crate::message::{Dialect, Message, Request};
use crate::protocol::FeedProtocol;
use crate::topic::Topic;

/// A subscription, on a connection of its own that comes back by itself and subscribes again; a [`Stream`] too.
///
/// Items come in the server's order. Where some may be missing, there is a [`FeedItem::Gap`]. Bounded by
/// [`FeedConfig::queue`](crate::FeedConfig::queue) and [`queue_bytes`](crate::FeedConfig::queue_bytes): a slow reader gets a
/// [`GapCause::Lagged`] in place of what it lost. Dropping it closes the connection, which ends the subscription at the server.
pub struct Subscription {
    topic: Topic,
    connection: Connection,
    items: LossyReceiver<FeedItem>,
    /// One request at a time: an answer does not name its request.
    asking: Mutex<()>,
}

/// The connection of one subscription.
pub(crate) type Connection = Persistent<WebSocketConnector<FeedProtocol>>;

impl Subscription {
    pub(crate) fn new(topic: Topic, connection: Connection, items: LossyReceiver<FeedItem>) -> Self {
        Self { topic, connection, items, asking: Mutex::new(()) }
    }

    /// What is subscribed to.
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The next item; `None` only if the runtime of the connection was shut down.
    ///
    /// # Cancel safety
    /// Cancel-safe: no item is lost.
    pub async fn next(&mut self) -> Option<FeedItem> {
        self.items.next().await.map(told)
    }

    /// What the connection is doing.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.connection.state()
    }

    /// Which dialect the server speaks; `None` while there is no link.
    #[must_use]
    pub fn dialect(&self) -> Option<Dialect> {
        self.connection.current_connection().map(|link| *link.welcome())
    }

    /// How long the server takes to answer a ping of the dialect.
    ///
    /// # Errors
    /// [`RequestError::NotConnected`], [`RequestError::Closed`], [`RequestError::Session`].
    ///
    /// # Cancel safety
    /// Cancel-safe: a late pong is ignored.
    pub async fn ping(&self, timeout: Duration) -> Result<Duration, RequestError> {
        let began = Instant::now();
        self.ask(Request::Ping, timeout).await?;
        Ok(began.elapsed())
    }

    /// The server's statistics.
    ///
    /// # Errors
    /// As [`ping`](Self::ping), and [`RequestError::Unsupported`] in the documented dialect.
    ///
    /// # Cancel safety
    /// Cancel-safe: a late answer is ignored.
    pub async fn stats(&self, timeout: Duration) -> Result<Data, RequestError> {
        self.ask(Request::Stats, timeout).await
    }

    /// What the server knows about this subscription's connection.
    ///
    /// # Errors
    /// As [`stats`](Self::stats).
    ///
    /// # Cancel safety
    /// Cancel-safe: a late answer is ignored.
    pub async fn connection_info(&self, timeout: Duration) -> Result<Data, RequestError> {
        self.ask(Request::ConnectionInfo, timeout).await
    }

    /// Cancels the subscription and closes the connection. If the dialect confirms it, resolves once the server has.
    ///
    /// # Errors
    /// As [`ping`](Self::ping). The connection is closed all the same, which ends the subscription.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn unsubscribe(self, timeout: Duration) -> Result<(), RequestError> {
        let deadline = later(Instant::now(), timeout);
        let request = Request::Unsubscribe { chain_name: self.topic.chain_name.clone() };
        let link = live_link(&self.connection, deadline).await?;
        let done = match link.welcome() {
            Dialect::Documented => link.send(request, deadline).await,
            Dialect::HieraChain02 => link.request(request, deadline).await.map(|_| ()),
        };
        self.connection.close().await;
        Ok(done?)
    }

    async fn ask(&self, request: Request, timeout: Duration) -> Result<Data, RequestError> {
        let deadline = later(Instant::now(), timeout);
        let began = Instant::now();
        let late = |_| RequestError::NotConnected { after: began.elapsed() };
        let _turn = tokio::time::timeout_at(deadline, self.asking.lock()).await.map_err(late)?;
        let link = live_link(&self.connection, deadline).await?;
        let dialect = *link.welcome();
        if request.encode(dialect).is_err() {
            return Err(RequestError::Unsupported { dialect });
        }
        Ok(match link.request(request, deadline).await? {
            Message::Pong { timestamp } => timestamp,
            Message::ConnectionInfo(answer) | Message::Stats(answer) => answer,
            // Each slot has one kind of message.
            _ => Data::default(),
        })
    }
}

/// As [`next`](Subscription::next).
impl Stream for Subscription {
    type Item = FeedItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<FeedItem>> {
        self.items.poll_next_unpin(cx).map(|received| received.map(told))
    }
}

fn told(received: Received<FeedItem>) -> FeedItem {
    match received {
        Received::Item(item) => item,
        Received::Missed(missed) => FeedItem::gap(GapCause::Lagged(missed)),
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("topic", &self.topic)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
