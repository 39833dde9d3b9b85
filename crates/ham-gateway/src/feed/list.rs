//! What a chain contains above a height.

use ham::PersistentHam;
use serde_json::Value;

use super::backfill::{Ask, LIMIT};
use super::pump::ask;
use super::pump::source::Source;

/// The function of an app that lists its blocks.
pub(crate) struct List {
    ask: Ask,
    role: String,
    zome: String,
}

/// A block that it listed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) hash: String,
    pub(crate) height: u32,
    /// What is told about it.
    pub(crate) data: Value,
}

/// Some of the blocks above a height, in order.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) blocks: Vec<Listed>,
    /// There may be more above these.
    pub(crate) more: bool,
}

impl List {
    /// From the configuration of an app; `None` if that is not a function's name.
    pub(crate) fn of(ham: &PersistentHam, backfill: &str) -> Option<Self> {
        let source = Source::parse(backfill)?;
        let ask = ask::of(ham, &source);
        Some(Self { ask, role: source.role, zome: source.zome })
    }

    /// The role whose cell it lists.
    pub(crate) fn role(&self) -> &str {
        &self.role
    }

    /// The blocks above this height; waits for the conductor. `None` if the function cannot answer.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn after(&mut self, height: u32) -> Option<Page> {
        let page = (self.ask)(Some(height)).await?;
        let full = page.len() >= LIMIT as usize;
        let above = page.into_iter().filter(|block| block.seq > height);
        let blocks: Vec<_> = above
            .map(|block| {
                let data = block.data(&self.role, &self.zome);
                Listed { hash: block.hash, height: block.seq, data }
            })
            .collect();
        Some(Page { more: full && !blocks.is_empty(), blocks })
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("List").field("role", &self.role).field("zome", &self.zome).finish_non_exhaustive()
    }
}
