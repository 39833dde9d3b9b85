//! Missed blocks, requested from the chain itself.
//!
//! A function of the hApp, `fn({ after: Option<u32>, limit: u32 }) -> Vec<action>`, lists the blocks: in the order of
//! their sequence numbers, those above `after`, at most `limit`; without `after`, the newest. An action is written
//! according to the convention for signals. The chain is the log, so blocks can be complete although signals are not.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::block::Block;

/// Requests missed blocks: resolves with those above the given height, in order, or with `None` if that is not possible.
pub(super) type Ask = Box<dyn FnMut(Option<u32>) -> Page + Send>;
/// The result of a request.
pub(super) type Page = Pin<Box<dyn Future<Output = Option<Vec<Block>>> + Send>>;

/// The blocks of one cell, in order and complete, as far as the function lists them.
pub(super) struct Backfill {
    ask: Ask,
    /// The height up to which everything was told; `None` until it is known.
    head: Option<u32>,
    /// Blocks that came while earlier ones were being requested.
    held: BTreeMap<u32, Held>,
    asked: Option<Asked>,
    /// Something may be missing that was not requested yet.
    owed: bool,
}

struct Asked {
    after: Option<u32>,
    page: Page,
}

/// The blocks of one height: several if a chain has forked.
#[derive(Default)]
struct Held {
    blocks: Vec<Block>,
    /// They were there before the last request: nothing that was listed since is missing before them.
    settled: bool,
}

impl Backfill {
    /// Begins by requesting the head.
    pub(super) fn new(ask: Ask) -> Self {
        let mut backfill = Self { ask, head: None, held: BTreeMap::new(), asked: None, owed: false };
        backfill.ask_after(None);
        backfill
    }

    /// A block came with a signal. Returns the blocks to be told now.
    pub(super) fn came(&mut self, block: Block) -> Vec<Block> {
        let follows = self.head.is_some_and(|head| block.seq <= head.saturating_add(1));
        if self.asked.is_none() && follows {
            self.head = self.head.max(Some(block.seq));
            return vec![block];
        }
        self.hold(block);
        self.ask_on();
        Vec::new()
    }

    /// Something may have been missed.
    pub(super) fn missed(&mut self) {
        self.owed = true;
        self.ask_on();
    }

    /// Resolves with missed blocks that are to be told now; never while no request is under way.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(super) async fn next(&mut self) -> Vec<Block> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Block>> {
        loop {
            let Some(asked) = &mut self.asked else { return Poll::Pending };
            let Poll::Ready(page) = asked.page.as_mut().poll(cx) else { return Poll::Pending };
            let after = asked.after;
            self.asked = None;
            let told = match (page, after) {
                (Some(page), Some(after)) => self.answered(after, page),
                (Some(page), None) => self.begun(&page),
                // It cannot be requested: the held blocks are told as they are.
                (None, _) => self.release(|_, _| true),
            };
            if !told.is_empty() {
                return Poll::Ready(told);
            }
        }
    }

    /// The head is known. Blocks held since then are told only after those that precede them.
    fn begun(&mut self, newest: &[Block]) -> Vec<Block> {
        let newest = newest.last().map(|block| block.seq);
        let before_held = self.held.keys().next().map(|first| first.saturating_sub(1));
        self.head = Some(before_held.or(newest).unwrap_or(0));
        self.ask_on();
        Vec::new()
    }

    fn answered(&mut self, after: u32, page: Vec<Block>) -> Vec<Block> {
        let full = page.len() >= LIMIT as usize;
        let page: Vec<_> = page.into_iter().filter(|block| block.seq > after).collect();
        let last = page.last().map(|block| block.seq);
        for block in page {
            // A block that came with a signal is there already.
            let Held { blocks, settled } = self.held.entry(block.seq).or_default();
            *settled = true;
            if !blocks.iter().any(|held| held.hash == block.hash) {
                blocks.push(block);
            }
        }
        let told = match last {
            // There are more; blocks held above this one may belong behind those.
            Some(last) if full => {
                self.owed = true;
                self.release(|seq, _| seq <= last)
            }
            _ => self.release(|_, held| held.settled),
        };
        self.ask_on();
        told
    }

    /// The held blocks from the lowest height on, as long as they may be told or directly follow the last one told.
    fn release(&mut self, may: impl Fn(u32, &Held) -> bool) -> Vec<Block> {
        let mut told = Vec::new();
        while let Some(first) = self.held.first_entry() {
            let (seq, held) = (*first.key(), first.get());
            if !may(seq, held) && self.head.is_none_or(|head| seq > head.saturating_add(1)) {
                break;
            }
            self.head = self.head.max(Some(seq));
            told.extend(first.remove().blocks);
        }
        told
    }

    /// Requests what may be missing, unless a request is under way.
    fn ask_on(&mut self) {
        if self.asked.is_none() && (self.owed || !self.held.is_empty()) {
            self.owed = false;
            self.ask_after(self.head);
        }
    }

    fn ask_after(&mut self, after: Option<u32>) {
        self.held.values_mut().for_each(|held| held.settled = true);
        self.asked = Some(Asked { after, page: (self.ask)(after) });
    }

    /// Beyond the bound, a block is left to be listed: whatever is held is requested anyhow.
    fn hold(&mut self, block: Block) {
        if self.held.len() >= MOST_HELD {
            self.owed = true;
            return;
        }
        let held = self.held.entry(block.seq).or_default();
        held.blocks.push(block);
    }
}

/// Blocks per request.
pub(super) const LIMIT: u32 = 256;
/// Heights that wait for earlier ones.
const MOST_HELD: usize = 1024;

#[cfg(test)]
mod tests;
