//! What is subscribed to.

use crate::message::{Dialect, Message, Request};
use crate::since::Since;

/// A chain, or some types of its events.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Topic {
    /// The chain.
    pub chain_name: String,
    /// Only events of these types; with none, everything of the chain.
    pub event_types: Vec<String>,
}

impl Topic {
    /// Everything of a chain: blocks, events, status.
    #[must_use]
    pub fn chain(chain_name: impl Into<String>) -> Self {
        Self { chain_name: chain_name.into(), event_types: Vec::new() }
    }

    /// Only events of this type, or of another one already named; then no blocks and no status.
    #[must_use]
    pub fn with_event_type(mut self, event_type: impl Into<String>) -> Self {
        self.event_types.push(event_type.into());
        self
    }

    /// The requests for it: one message, or in the documented dialect one per type; and where it is to begin.
    pub(crate) fn requests(&self, dialect: Dialect, since: impl Fn(Option<&str>) -> Since) -> Vec<Request> {
        let subscribe = |event_types: Vec<String>, since| Request::Subscribe {
            chain_name: self.chain_name.clone(),
            event_types,
            since,
        };
        match dialect {
            Dialect::Documented if self.event_types.is_empty() => vec![subscribe(Vec::new(), since(None))],
            Dialect::Documented => {
                let of_type = |name: &String| subscribe(vec![name.clone()], since(Some(name)));
                self.event_types.iter().map(of_type).collect()
            }
            Dialect::HieraChain02 => vec![subscribe(self.event_types.clone(), Since::Unsaid)],
        }
    }

    /// Whether a message belongs to it. Servers send more: `hierachain` 0.2.0 sends the whole chain to a subscriber of some types.
    pub(crate) fn covers(&self, message: &Message) -> bool {
        let wants_all = self.event_types.is_empty();
        match message {
            Message::Block { chain_name, .. } => wants_all && *chain_name == self.chain_name,
            Message::Event { chain_name, event_type, data, .. } => {
                let named = || event_type.clone().or_else(|| data.event_type());
                *chain_name == self.chain_name
                    && (wants_all || named().is_some_and(|named| self.event_types.contains(&named)))
            }
            Message::Gap { chain_name, .. } => *chain_name == self.chain_name,
            Message::Status { chain_name, .. } => {
                wants_all && chain_name.as_ref().is_none_or(|name| *name == self.chain_name)
            }
            Message::Connected { .. }
            | Message::ConnectionInfo(_)
            | Message::Error { .. }
            | Message::Ping
            | Message::Pong { .. }
            | Message::Stats(_)
            | Message::Subscribed { .. }
            | Message::Unknown(_)
            | Message::Unsubscribed => true,
        }
    }
}
