//! A message for subscribers.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::position::Position;
use super::websocket::Utf8Bytes;
use super::wire;

/// A message of a chain, with its id. Its text is made once, however many receive it.
#[derive(Clone, Debug)]
pub struct News {
    pub(super) at: Position,
    pub(super) kind: NewsKind,
    pub(super) chain_name: Arc<str>,
    pub(super) event_type: Option<Box<str>>,
    text: Utf8Bytes,
    /// Where its id is in the text: start and end.
    id: (usize, usize),
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NewsKind {
    /// `new_block`
    Block,
    /// `new_event`
    Event,
    /// `gap`: something may be missing here.
    Gap,
}

/// A message that has no id yet: the part before the id and the part after it.
#[derive(Debug)]
pub(super) struct Draft {
    kind: NewsKind,
    chain_name: Arc<str>,
    event_type: Option<Box<str>>,
    head: String,
    tail: String,
}

impl News {
    /// Its id: a subscription that continues after it gives this as `since`.
    #[must_use]
    pub fn id(&self) -> Position {
        self.at
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> NewsKind {
        self.kind
    }

    /// Its chain.
    #[must_use]
    pub fn chain_name(&self) -> &str {
        &self.chain_name
    }

    /// The type of an event.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }

    /// The text as it goes on the wire: one JSON object.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Shares the text.
    pub(super) fn share(&self) -> Utf8Bytes {
        self.text.clone()
    }

    /// The text for clients that did not ask for ids, which is the document's byte for byte. A gap always has an id: it is an extension.
    pub(super) fn plain(&self) -> Utf8Bytes {
        match self.kind {
            NewsKind::Gap => self.text.clone(),
            NewsKind::Block | NewsKind::Event => {
                format!("{}{}", &self.text[..self.id.0], &self.text[self.id.1..]).into()
            }
        }
    }

    /// Roughly what it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.event_type.as_ref().map_or(0, |name| name.len())
    }
}

impl NewsKind {
    /// Its name on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Block => "new_block",
            Self::Event => "new_event",
            Self::Gap => "gap",
        }
    }
}

impl Draft {
    pub(super) fn block(chain_name: &str, data: &impl Serialize) -> Self {
        Self::of(NewsKind::Block, chain_name, None, wire::data(data))
    }

    pub(super) fn event(chain_name: &str, data: &Value) -> Self {
        let event_type = data.get("event_type").and_then(Value::as_str).map(Into::into);
        Self::of(NewsKind::Event, chain_name, event_type, wire::data(data))
    }

    /// Made of data that is passed on as it was written.
    pub(super) fn raw(
        kind: NewsKind,
        chain_name: &str,
        event_type: Option<Box<str>>,
        data: &RawValue,
    ) -> Self {
        Self::of(kind, chain_name, event_type, wire::data(data))
    }

    pub(super) fn gap(chain_name: &str, cause: &str, missed: Option<u64>, since: u64) -> Self {
        Self::of(NewsKind::Gap, chain_name, None, wire::gap(cause, missed, since))
    }

    fn of(kind: NewsKind, chain_name: &str, event_type: Option<Box<str>>, tail: String) -> Self {
        Self {
            kind,
            chain_name: chain_name.into(),
            event_type,
            head: wire::head(kind.word(), chain_name),
            tail,
        }
    }

    /// The message with this id.
    pub(super) fn at(self, at: Position) -> News {
        let id = wire::id(at);
        let text = format!("{}{id}{}", self.head, self.tail);
        let id = (self.head.len(), self.head.len() + id.len());
        let Self { kind, chain_name, event_type, .. } = self;
        News { at, kind, chain_name, event_type, text: text.into(), id }
    }
}
