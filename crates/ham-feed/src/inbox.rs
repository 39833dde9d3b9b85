//! From the task that reads the socket to the subscription.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ham_session::{Ended, GapCause, Inbox, Incoming, Link, LossySender};

use crate::events;
use crate::item::FeedItem;
use crate::message::Message;
use crate::protocol::{FeedProtocol, Slot};
use crate::resume::Resume;
use crate::topic::Topic;

/// What the links of one subscription deliver to.
#[derive(Debug)]
pub(crate) struct FeedInbox {
    topic: Topic,
    items: LossySender<FeedItem>,
    resume: Arc<Resume>,
    status: Mutex<SubscriptionStatus>,
    /// The height of the last block since the last gap.
    height: Mutex<Option<u64>>,
}

/// What the server said about the subscription on the newest link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SubscriptionStatus {
    pub(crate) confirmed: bool,
    pub(crate) refused: Option<String>,
}

impl FeedInbox {
    pub(crate) fn new(topic: Topic, items: LossySender<FeedItem>, resume: Arc<Resume>) -> Self {
        Self { topic, items, resume, status: Mutex::default(), height: Mutex::default() }
    }

    /// The link is lost. Whether something is missing because of that is known at once, or once there is another link.
    pub(crate) fn link_lost(&self, ended: Ended) {
        *self.lock() = SubscriptionStatus::default();
        if let Some(ended) = self.resume.link_lost(ended) {
            self.gap(GapCause::LinkLost(ended));
        }
    }

    fn gap(&self, cause: GapCause) {
        tracing::warn!(event = events::GAP, chain = self.topic.chain_name, ?cause);
        *self.height() = None;
        self.put(FeedItem::gap(cause));
    }

    /// Reports a block whose height does not follow that of the previous one.
    fn follow(&self, chain_name: &str, height: u64) {
        let before = self.height().replace(height);
        if let Some(after) = before.filter(|before| before.checked_add(1) != Some(height)) {
            tracing::warn!(event = events::OUT_OF_STEP, chain = chain_name, after, height);
            self.put(FeedItem::OutOfStep { chain_name: chain_name.to_owned(), after, height });
        }
    }

    fn height(&self) -> MutexGuard<'_, Option<u64>> {
        self.height.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn status(&self) -> SubscriptionStatus {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, SubscriptionStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came shows that the subscription does not go on where the last link stopped, if the server has said nothing about that.
    fn unresumed(&self) {
        if let Some(ended) = self.resume.unresumed() {
            self.gap(GapCause::LinkLost(ended));
        }
    }

    fn push(&self, message: Message) {
        if !matches!(message, Message::Ping) {
            self.unresumed();
        }
        if !self.topic.covers(&message) {
            return;
        }
        let item = match message {
            Message::Block { chain_name, data, id } => {
                self.came(None, id);
                if let Some(height) = data.height() {
                    self.follow(&chain_name, height);
                }
                FeedItem::Block { chain_name, data }
            }
            Message::Event { chain_name, event_type, data, id } => {
                let event_type = event_type.or_else(|| data.event_type());
                self.came(event_type.as_deref(), id);
                FeedItem::Event { chain_name, event_type, data }
            }
            Message::Gap { cause, missed, id, .. } => {
                if self.resume.gap_came(id) {
                    self.gap(gap_cause(cause, missed));
                }
                return;
            }
            Message::Status { message, .. } => FeedItem::Status(message),
            Message::Error { message } => {
                self.lock().refused.get_or_insert_with(|| message.clone());
                FeedItem::Error { message }
            }
            Message::Connected(message) | Message::Unknown(message) => FeedItem::Unknown(message),
            // A server's ping shows that it is there, which is its only purpose. The rest are answers, never pushes.
            Message::Ping
            | Message::ConnectionInfo(_)
            | Message::Pong { .. }
            | Message::Stats(_)
            | Message::Subscribed { .. }
            | Message::Unsubscribed => return,
        };
        self.put(item);
    }

    fn came(&self, event_type: Option<&str>, id: Option<String>) {
        if let Some(id) = id {
            self.resume.came(&self.topic, event_type, &id);
        }
    }

    fn put(&self, item: FeedItem) {
        let bytes = item.bytes();
        self.items.put(item, bytes);
    }
}

impl Inbox<FeedProtocol> for FeedInbox {
    fn deliver(&self, _: &Link<FeedProtocol>, incoming: Incoming<FeedProtocol>) {
        match incoming {
            Incoming::Push(message) => self.push(message),
            // Nobody waits for it: `on_live` sent the subscription.
            Incoming::Orphan { key: Slot::Subscribe, body } => {
                tracing::info!(event = events::SUBSCRIBED, chain = self.topic.chain_name);
                self.lock().confirmed = true;
                match body {
                    Message::Subscribed { event_type, id: Some(id), .. } => self.resume.begun(event_type, id),
                    _ => self.unresumed(),
                }
            }
            Incoming::Skipped { why } => self.gap(GapCause::BadFrame(why)),
            // A late answer, or a request, which no feed server makes.
            Incoming::Orphan { .. } | Incoming::Request { .. } => {}
        }
    }
}

/// A gap on the server's side, as the cause that all clients use.
fn gap_cause(cause: String, missed: Option<u64>) -> GapCause {
    let lost = |why: &str| GapCause::LinkLost(Ended::because(why));
    match (cause.as_str(), missed) {
        ("lagged", Some(missed)) => GapCause::Lagged(missed),
        ("bad_frame", _) => GapCause::BadFrame("the server could not understand what it was told".to_owned()),
        ("link_lost", _) => lost("the server lost its own link"),
        ("restart", _) => lost("the server was restarted"),
        ("history_lost", _) => lost("the server no longer keeps what came meanwhile"),
        _ => lost(&cause),
    }
}
