//! What a connection wants to hear about a chain.

use std::collections::HashMap;

use super::news::{News, NewsKind};

/// What a connection wants to hear about a chain, and after which message.
#[derive(Debug, Default)]
pub(super) struct Interest {
    all: Option<u64>,
    event_types: HashMap<Box<str>, u64>,
}

impl Interest {
    /// Adds everything, or the events of a type, after message `from`; if that is already wanted, after the earlier of the two.
    pub(super) fn add(&mut self, event_type: Option<&str>, from: u64) {
        match event_type {
            None => self.all = Some(self.all.map_or(from, |all| all.min(from))),
            Some(name) => {
                let known = self.event_types.entry(name.into()).or_insert(from);
                *known = from.min(*known);
            }
        }
    }

    /// Whether it covers a message. A gap concerns everyone on the chain.
    pub(super) fn covers(&self, news: &News) -> bool {
        match news.kind {
            NewsKind::Gap => true,
            NewsKind::Block => self.all.is_some(),
            NewsKind::Event => self.all.is_some() || self.of_type(news).is_some(),
        }
    }

    /// Whether it has already covered a message.
    pub(super) fn has_covered(&self, news: &News) -> bool {
        let before = |from: Option<u64>| from.is_some_and(|from| news.at.number() > from);
        match news.kind {
            NewsKind::Gap => before(self.all) || self.event_types.values().any(|from| before(Some(*from))),
            NewsKind::Block => before(self.all),
            NewsKind::Event => before(self.all) || before(self.of_type(news)),
        }
    }

    fn of_type(&self, news: &News) -> Option<u64> {
        self.event_types.get(news.event_type.as_deref().unwrap_or_default()).copied()
    }
}
