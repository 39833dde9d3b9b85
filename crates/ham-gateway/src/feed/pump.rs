//! From an app's signals to its chains.

pub(super) mod ask;
pub(super) mod source;

use std::sync::Arc;

use ham::{GapCause, PersistentHam, Signal, SignalItem, Signals};
use holochain_zome_types::cell::CellId;
use serde_json::Value;
use tokio::time::Instant;

use self::source::Source;
use super::backfill::Backfill;
use super::block::Block;
use super::cells::Cells;
use super::event;
use super::hub::Feed;
use super::seen_blocks::SeenBlocks;
use crate::metrics;

/// Tells what an app's cells signal, until its connection is closed. Publishing never waits for a subscriber; signals
/// that come while the conductor is asked for a role wait in the bounded queue of `signals`.
pub(crate) async fn pump(
    feed: Arc<Feed>,
    app: String,
    ham: PersistentHam,
    signals: Signals,
    backfill: Option<String>,
) {
    let source = backfill.as_deref().and_then(Source::parse);
    let pump =
        Pump { feed, app, ham, cells: Cells::default(), seen: SeenBlocks::new(), source, backfill: None };
    pump.run(signals).await;
}

struct Pump {
    feed: Arc<Feed>,
    app: String,
    ham: PersistentHam,
    cells: Cells,
    seen: SeenBlocks<CellId>,
    /// The function that lists missed blocks.
    source: Option<Source>,
    /// The cell of that role, once it is known, and its blocks.
    backfill: Option<(CellId, Backfill)>,
}

impl Pump {
    async fn run(mut self, mut signals: Signals) {
        let mut state = self.ham.state();
        // There may already be a link.
        if state.get().is_live() {
            self.linked().await;
        }
        loop {
            let was_live = state.get().is_live();
            // Missed blocks before new ones: they precede them. The link's state last: it only says when to ask for roles.
            tokio::select! {
                biased;
                blocks = missed(&mut self.backfill) => self.tell_missed(blocks),
                item = signals.next() => match item {
                    Some(SignalItem::Signal(signal)) => self.signal(&signal).await,
                    Some(SignalItem::Gap { cause, since }) => self.gap(&cause, since),
                    Some(_) => {}
                    None => return,
                },
                changed = state.changed() => match changed {
                    Some(now) if now.is_live() && !was_live => self.linked().await,
                    Some(_) => {}
                    None => return,
                },
            }
        }
    }

    /// A link came up: cells may have other roles.
    async fn linked(&mut self) {
        self.cells.ask(&self.ham).await;
        for (cell, role) in self.cells.iter() {
            self.feed.has_cell(&self.app, role, cell);
        }
        let Some(source) = &self.source else { return };
        let Some(cell) = self.cells.of_role(&source.role).cloned() else { return };
        if self.backfill.as_ref().is_none_or(|(known, _)| *known != cell) {
            self.backfill = Some((cell, Backfill::new(ask::of(&self.ham, source))));
        }
    }

    async fn signal(&mut self, signal: &Signal) {
        match signal {
            Signal::App { cell_id, zome_name, signal } => {
                let role = self.role(cell_id).await;
                let payload = ham_json::shown(&signal.clone().into_inner().0);
                let zome = zome_name.to_string();
                for block in Block::of_payload(&payload) {
                    for block in self.came(cell_id, block) {
                        self.block(cell_id, &role, &zome, &block);
                    }
                }
                self.event(&role, &event::of_zome(payload, &role, &zome));
            }
            Signal::AppDirect { cell_id, from_agent, signal } => {
                let role = self.role(cell_id).await;
                let from = from_agent.as_ref().map(ToString::to_string);
                self.event(&role, &event::direct(signal, from.as_deref(), &role));
            }
            // The conductor's own signals, which concern no chain.
            Signal::System(_) => {}
        }
    }

    /// The blocks that are to be told now, each after the missing ones that precede it.
    fn came(&mut self, cell: &CellId, block: Block) -> Vec<Block> {
        match &mut self.backfill {
            Some((known, backfill)) if known == cell => backfill.came(block),
            _ => vec![block],
        }
    }

    fn tell_missed(&mut self, blocks: Vec<Block>) {
        let (Some(source), Some((cell, _))) = (&self.source, &self.backfill) else { return };
        let (role, zome, cell) = (source.role.clone(), source.zome.clone(), cell.clone());
        metrics::backfilled(blocks.len());
        for block in &blocks {
            self.block(&cell, &role, &zome, block);
        }
    }

    fn block(&mut self, cell: &CellId, role: &str, zome: &str, block: &Block) {
        if self.seen.is_first(cell, &block.hash) {
            self.feed.block(&self.app, role, &block.data(role, zome));
        }
    }

    fn event(&self, role: &str, data: &Value) {
        self.feed.event(&self.app, role, data);
    }

    fn gap(&mut self, cause: &GapCause, since: Instant) {
        let (cause, missed) = match cause {
            GapCause::Lagged(missed) => ("lagged", Some(*missed)),
            GapCause::BadFrame(_) => ("bad_frame", None),
            _ => ("link_lost", None),
        };
        self.feed.gap(&self.app, &self.cells.all(), cause, missed, since.elapsed());
        if let Some((_, backfill)) = &mut self.backfill {
            backfill.missed();
        }
    }

    /// The role of a cell; a cell that the conductor does not list goes by its own hashes.
    async fn role(&mut self, cell: &CellId) -> String {
        let known = self.cells.role(&self.ham, cell).await;
        let role = known.unwrap_or_else(|| format!("{}.{}", cell.dna_hash(), cell.agent_pubkey()));
        self.feed.has_cell(&self.app, &role, cell);
        role
    }
}

async fn missed(backfill: &mut Option<(CellId, Backfill)>) -> Vec<Block> {
    match backfill {
        Some((_, backfill)) => backfill.next().await,
        None => std::future::pending().await,
    }
}
