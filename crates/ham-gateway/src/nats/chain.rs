//! One chain, from the feed to the stream: in order, no block missing and none twice.
//!
//! The sequences of events that could go wrong, and what prevents that:
//!
//! - *An acknowledgement is lost.* The message is sent again after the same number. If the first one was stored, the
//!   second one is recognised by its id, or finds that the last message is not the expected one: then it is looked up,
//!   and counts as written. It does not matter how late the first one arrives, nor how long the stream remembers ids.
//! - *The gateway dies at any moment.* All its knowledge is in the stream: a start reads the last block there, and
//!   requests those above it from the chain. Blocks that come meanwhile are told by the feed, and those that were
//!   already listed are recognised by their heights.
//! - *The first block from the feed does not directly follow those listed*: something was written between the list and
//!   the feed's own start. So the chain is asked once more before that block; after it, the feed's order holds.
//! - *Two gateways write the same chain.* One of them is first with each block; the other one is beaten, reads the last
//!   block, and continues after it.
//! - *The server is away for longer than the history reaches.* The feed reports that with a gap, which is published,
//!   and the chain is asked.
//! - *The stream loses what it acknowledged*, in a power cut without a sync: the next message is beaten, and the chain
//!   is asked from the last block that is there. Events cannot be requested again, so for them that is a gap.
//! - *The last block has fallen from the stream*: it is not known whether it was there, so nothing is told again; that
//!   is a gap.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ham_feed::server::{News, NewsKind};
use holochain_zome_types::cell::CellId;
use tokio::sync::watch;
use tokio::time::Instant;

use super::body::{self, Head};
use super::chain_reader::ChainReader;
use super::chain_writer::ChainWriter;
use super::writer::Written;
use crate::feed::{CellChains, Feed, List};

/// One chain.
pub(super) struct Chain {
    name: String,
    /// The cell of the chain.
    cell: CellId,
    cells: watch::Receiver<CellChains>,
    writer: ChainWriter,
    reader: ChainReader,
    /// What lists its blocks, if there is a function for that.
    list: Option<List>,
    /// The last block in the stream, and its number there. The two are read together: a block is written only after the
    /// one that was looked at.
    head: Option<Head>,
    number: u64,
    /// Something may be missing between it and the next block from the feed.
    unsure: bool,
}

impl Chain {
    pub(super) fn new(
        name: &str,
        cell: CellId,
        writer: ChainWriter,
        feed: &Arc<Feed>,
        list: Option<List>,
    ) -> Self {
        let (cells, reader) = (feed.cells(), ChainReader::from_the_start(Arc::clone(feed), name));
        Self { name: name.to_owned(), cell, cells, writer, reader, list, head: None, number: 0, unsure: true }
    }

    /// Writes what the chain tells, without end. It can be dropped at any moment: one that is created later continues
    /// from the same point.
    pub(super) async fn run(mut self) {
        // Nobody heard what happened while there was no gateway.
        if self.writer.ends_with_a_gap().await == Some(false) {
            self.gap("restart", None).await;
        }
        self.align().await;
        loop {
            let news = self.reader.next().await;
            match news.kind() {
                NewsKind::Block => self.block(&news).await,
                NewsKind::Gap => self.gap_of_the_feed(&news).await,
                _ => self.writer.event(&news).await,
            }
        }
    }

    /// Missing blocks are looked for before the next block; at once if the feed no longer has what it told, because
    /// there may be no next block.
    async fn gap_of_the_feed(&mut self, news: &News) {
        self.writer.gap_of_the_feed(news).await;
        if body::cause(news.text()) == HISTORY_LOST && !self.catch_up().await {
            self.align().await;
        }
        self.unsure = true;
    }

    async fn block(&mut self, news: &News) {
        let block = Head::of(news.text().as_bytes());
        let (Some(block), Some(body)) = (block, body::block_of(&self.name, news.text())) else { return };
        if self.has_another_cell() {
            self.align().await;
        }
        if self.list.is_none() {
            let cell = self.cell_name();
            return self.writer.block_of_the_feed(&block, &cell, body, self.reader.last()).await;
        }
        loop {
            let height = self.head.as_ref().map(|head| head.height);
            if height.is_some_and(|height| height >= block.height) {
                return;
            }
            let follows = height.is_some_and(|height| height.checked_add(1) == Some(block.height));
            let unsure = std::mem::replace(&mut self.unsure, false);
            if unsure && !follows {
                if !self.catch_up().await {
                    self.align().await;
                    // The chain was asked just now.
                    self.unsure = false;
                }
                continue;
            }
            if self.put(&block, body.clone()).await {
                return;
            }
            self.align().await;
        }
    }

    /// Finds out how far the stream has come, and brings it to the state of the chain.
    async fn align(&mut self) {
        self.unsure = true;
        while self.list.is_some() {
            let last = self.writer.last_block().await;
            self.head = last.as_ref().and_then(|last| Head::of(&last.payload));
            self.number = last.as_ref().map_or(0, |last| last.sequence);
            let theirs = last.as_ref().and_then(|last| last.cell.as_ref());
            if theirs.is_some_and(|cell| *cell != self.cell_name()) {
                self.head = None;
                self.gap("chain_changed", None).await;
            } else if self.head.is_none() && (last.is_some() || self.writer.is_trimmed().await) {
                self.unsure = false;
                return self.gap(HISTORY_LOST, None).await;
            }
            if self.catch_up().await {
                return;
            }
        }
    }

    /// Writes the blocks of the chain above the head; false if somebody else wrote meanwhile.
    async fn catch_up(&mut self) -> bool {
        loop {
            let Some(list) = &mut self.list else { return true };
            let Some(page) = list.after(self.head.as_ref().map_or(0, |head| head.height)).await else {
                self.list = None;
                self.gap("backfill_failed", None).await;
                return true;
            };
            for block in page.blocks {
                let body = body::block(&self.name, &block.data);
                if !self.put(&Head { hash: block.hash, height: block.height }, body).await {
                    return false;
                }
            }
            if !page.more {
                return true;
            }
        }
    }

    /// Writes a block after the head; false if the head is not the last one in the stream.
    async fn put(&mut self, block: &Head, body: Bytes) -> bool {
        let cell = self.cell_name();
        match self.writer.block(block, &cell, body, self.number).await {
            Written::Stored(number) => self.number = number,
            Written::TooLarge => self.gap("too_large", Some(1)).await,
            Written::Beaten { .. } => return false,
            Written::Known => {
                // A purged stream must not be asked without a pause: it recognises ids of messages that it no longer has.
                tokio::time::sleep_until(Instant::now() + AFTER_KNOWN).await;
                return false;
            }
        }
        self.head = Some(block.clone());
        true
    }

    async fn gap(&mut self, cause: &'static str, missed: Option<u64>) {
        self.writer.gap(cause, missed, self.reader.last()).await;
    }

    /// Whether the name now belongs to another cell than at the last look.
    fn has_another_cell(&mut self) -> bool {
        let now = self.cells.borrow().get(&self.name).map(|chain| chain.cell.clone());
        let another = now.filter(|cell| *cell != self.cell);
        another.map(|cell| self.cell = cell).is_some()
    }

    fn cell_name(&self) -> String {
        format!("{}.{}", self.cell.dna_hash(), self.cell.agent_pubkey())
    }
}

const HISTORY_LOST: &str = "history_lost";
const AFTER_KNOWN: Duration = Duration::from_millis(250);
