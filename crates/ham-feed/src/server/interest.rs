//! What of a chain a connection wants to hear.

use std::collections::HashMap;

use super::news::{News, NewsKind};

/// What of a chain a connection wants to hear, and from behind which message on.
#[derive(Debug, Default)]
pub(super) struct Interest {
    all: Option<u64>,
    event_types: HashMap<Box<str>, u64>,
}

impl Interest {
    /// Everything, or the events of a type, from behind message `from` on; where that is wanted already, from the earlier of the two.
    pub(super) fn add(&mut self, event_type: Option<&str>, from: u64) {
        match event_type {
            None => self.all = Some(self.all.map_or(from, |all| all.min(from))),
            Some(name) => {
                let known = self.event_types.entry(name.into()).or_insert(from);
                *known = from.min(*known);
            }
        }
    }

    /// Whether a message concerns it. A gap concerns everybody on the chain.
    pub(super) fn covers(&self, news: &News) -> bool {
        match news.kind {
            NewsKind::Gap => true,
            NewsKind::Block => self.all.is_some(),
            NewsKind::Event => self.all.is_some() || self.of_type(news).is_some(),
        }
    }

    /// Whether a message has been told by it.
    pub(super) fn was_told(&self, news: &News) -> bool {
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
