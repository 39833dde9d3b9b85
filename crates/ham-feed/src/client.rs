//! From a configuration to subscriptions.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{AttemptError, Builder, Event, later};
use ham_session::{
    Ended, Link, NoLink, RequestError as LinkError, WebSocketConnector, live_link, lossy_queue,
};
use tokio::time::Instant;

use crate::config::{ConfigError, FeedConfig};
use crate::error::SubscribeError;
use crate::inbox::FeedInbox;
use crate::message::{Dialect, Request};
use crate::protocol::FeedProtocol;
use crate::resume::Resume;
use crate::subscription::{Connection, Subscription};
use crate::topic::Topic;

/// Makes subscriptions to one server. Cheap to clone; it holds no connection: each subscription has one of its own.
#[derive(Clone, Debug)]
pub struct FeedClient {
    config: Arc<FeedConfig>,
}

impl FeedClient {
    /// A client of this server. Nothing is dialled yet.
    ///
    /// # Errors
    /// When a setting cannot work.
    pub fn new(config: FeedConfig) -> Result<Self, ConfigError> {
        config.endpoint.check()?;
        Ok(Self { config: Arc::new(config) })
    }

    /// Dials and subscribes; resolves when the server has accepted the subscription. In the dialect of `hierachain` the server says
    /// so. In the documented dialect nothing does, so a ping follows the subscription: its pong, without an error before it, shows
    /// that the server has read both.
    ///
    /// # Errors
    /// - [`SubscribeError::Unauthorized`], [`SubscribeError::NotConnected`]: the first dial failed, unless it is
    ///   [retried](ham_session::FirstDial::Retried);
    /// - [`SubscribeError::Rejected`]: the server answered with an error;
    /// - [`SubscribeError::TimedOut`]: `timeout` passed; it says how the last link ended, if one did;
    /// - [`SubscribeError::Session`]: the ping could not be sent;
    /// - [`SubscribeError::Closed`]: the runtime was shut down.
    ///
    /// # Cancel safety
    /// Dropping the future closes its connection.
    pub async fn subscribe(&self, topic: Topic, timeout: Duration) -> Result<Subscription, SubscribeError> {
        let began = Instant::now();
        let deadline = later(began, timeout);
        let late = |last| SubscribeError::TimedOut { after: began.elapsed(), last };
        let (sender, items) = lossy_queue(self.config.queue.get(), self.config.queue_bytes);
        let resume = Arc::new(Resume::new(self.config.resume));
        let inbox = Arc::new(FeedInbox::new(topic.clone(), sender, Arc::clone(&resume)));
        let connecting = tokio::time::timeout_at(deadline, self.connect(&topic, &inbox, resume));
        let connection = connecting.await.map_err(|_| late(None))??;
        let last_end = || connection.causes().pop().map(|lost| lost.cause);
        loop {
            let link = live_link(&connection, deadline).await.map_err(|why| match why {
                NoLink::Closed => SubscribeError::Closed,
                NoLink::TimedOut { .. } => late(last_end()),
            })?;
            match link.request(Request::Ping, deadline).await {
                Ok(_) => break confirmed(&link, &inbox, &topic)?,
                // The next link subscribes again.
                Err(LinkError::LinkLost { .. } | LinkError::Draining) => {}
                Err(LinkError::TimedOut { .. }) => return Err(late(last_end())),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Subscription::new(topic, connection, items))
    }

    async fn connect(
        &self,
        topic: &Topic,
        inbox: &Arc<FeedInbox>,
        resume: Arc<Resume>,
    ) -> Result<Connection, SubscribeError> {
        let started = self.config.endpoint.start(self.builder(topic, inbox, resume)).await;
        started.map_err(|error| match error {
            AttemptError::FailedToConnect(error) => error.into(),
            AttemptError::Closed(_) => SubscribeError::Closed,
        })
    }

    fn builder(
        &self,
        topic: &Topic,
        inbox: &Arc<FeedInbox>,
        resume: Arc<Resume>,
    ) -> Builder<WebSocketConnector<FeedProtocol>> {
        let protocol = Arc::new(FeedProtocol::new(topic.clone(), self.config.dialect, resume));
        let name = format!("feed of {}", topic.chain_name);
        let builder = self
            .config
            .endpoint
            .builder(name, protocol, inbox.clone())
            .expect("the settings were checked by FeedClient::new");
        let inbox = inbox.clone();
        let mut live: Option<Link<FeedProtocol>> = None;
        builder.on_event(move |event| {
            match event {
                Event::Connected(link) => live = Some(link),
                Event::Disconnected => {
                    let end = live.take().and_then(|link| link.end());
                    inbox.link_lost(Ended::of(end.as_deref()));
                }
                Event::AttemptingToConnect | Event::ObtainedAddress(_) | Event::FailedToConnect(_) => {}
            }
            std::future::ready(())
        })
    }
}

/// The servers of both dialects read one message after the other, so whatever they say about the subscription comes before the pong.
fn confirmed(link: &Link<FeedProtocol>, inbox: &FeedInbox, topic: &Topic) -> Result<(), SubscribeError> {
    let status = inbox.status();
    let rejected = |message| SubscribeError::Rejected { chain_name: topic.chain_name.clone(), message };
    match (status.refused, *link.welcome(), status.confirmed) {
        (Some(message), _, _) => Err(rejected(message)),
        (None, Dialect::HieraChain02, false) => Err(rejected("it did not confirm".to_owned())),
        (None, Dialect::Documented, _) | (None, Dialect::HieraChain02, true) => Ok(()),
    }
}
