//! Writes the messages of one chain, each under its subject and its id.

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use ham_feed::server::News;
use ham_persistent::{SystemWallClock, WallClock as _};

use super::body::{self, Head};
use super::stream::{Kept, Message};
use super::subject::{Subjects, token};
use super::writer::{Writer, Written};
use crate::metrics;

/// Writes the messages of one chain: the only writer in this process that does.
pub(super) struct ChainWriter {
    chain: String,
    subjects: Subjects,
    writer: Writer,
}

impl ChainWriter {
    pub(super) fn new(chain: &str, subjects: Subjects, writer: Writer) -> Self {
        Self { chain: chain.to_owned(), subjects, writer }
    }

    /// Whether the chain's last message says that something may be missing; `None` if there is no message.
    pub(super) async fn ends_with_a_gap(&mut self) -> Option<bool> {
        let last = self.writer.last(&self.subjects.chain(&self.chain)).await?;
        Some(last.subject == self.subjects.gap(&self.chain))
    }

    /// The last block in the stream.
    pub(super) async fn last_block(&mut self) -> Option<Kept> {
        self.writer.last(&self.subjects.block(&self.chain)).await
    }

    /// Whether anything that was in the stream is gone.
    pub(super) async fn is_trimmed(&mut self) -> bool {
        self.writer.is_trimmed().await
    }

    /// Writes a block after the last one in the stream, which has this number.
    pub(super) async fn block(&mut self, block: &Head, cell: &str, body: Bytes, last: u64) -> Written {
        let message = of_cell(block, cell, body);
        self.writer.write_behind(&self.subjects.block(&self.chain), &message, last).await
    }

    /// A block that only the feed knows of; `behind` is the id of the message before it.
    pub(super) async fn block_of_the_feed(&mut self, block: &Head, cell: &str, body: Bytes, behind: &str) {
        let message = of_cell(block, cell, body);
        self.write(&self.subjects.block(&self.chain), &message, behind).await;
    }

    /// An event.
    pub(super) async fn event(&mut self, news: &News) {
        let subject = self.subjects.event(&self.chain, news.event_type().unwrap_or("signal"));
        let id = news.id().to_string();
        let message = Message { kind: "event", id: id.clone(), cell: None, body: text(news) };
        self.write(&subject, &message, &id).await;
    }

    /// A gap of the feed.
    pub(super) async fn gap_of_the_feed(&mut self, news: &News) {
        metrics::nats_gap(&body::cause(news.text()));
        // The feed gives it the id of the message that it follows.
        let id = format!("{}.gap.{}", news.id(), token(&self.chain));
        self.write_gap(Message { kind: "gap", id, cell: None, body: text(news) }).await;
    }

    /// A gap of the stream itself, after the message with this id.
    pub(super) async fn gap(&mut self, cause: &'static str, missed: Option<u64>, behind: &str) {
        tracing::warn!(
            event = "gateway.nats.gap",
            chain = self.chain,
            cause,
            "something may be missing in the stream"
        );
        metrics::nats_gap(cause);
        let now = SystemWallClock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let id = format!("{behind}.{cause}.{}", token(&self.chain));
        let body = body::gap(&self.chain, behind, cause, missed, now);
        self.write_gap(Message { kind: "gap", id, cell: None, body }).await;
    }

    async fn write_gap(&mut self, message: Message) {
        let subject = self.subjects.gap(&self.chain);
        while self.written(&subject, &message).await == End::Lost {}
    }

    /// Writes what only the feed has, and reports if that, or what was there before it, is lost.
    async fn write(&mut self, subject: &str, message: &Message, behind: &str) {
        loop {
            match self.written(subject, message).await {
                End::Written => return,
                End::TooLarge => return self.gap("too_large", Some(1), behind).await,
                End::Lost => self.gap("stream_lost", None, behind).await,
            }
        }
    }

    async fn written(&mut self, subject: &str, message: &Message) -> End {
        loop {
            let behind = match self.writer.write(subject, message).await {
                Written::Stored(_) | Written::Known => return End::Written,
                Written::TooLarge => return End::TooLarge,
                Written::Beaten { behind } => behind,
            };
            if self.writer.has(subject, &message.id, behind).await {
                return End::Written;
            }
            if self.writer.last(subject).await.is_some_and(|last| last.sequence < behind) {
                return End::Lost;
            }
        }
    }
}

/// How writing one of those ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Written,
    TooLarge,
    /// It is not written, and an acknowledged message before it is gone.
    Lost,
}

fn of_cell(block: &Head, cell: &str, body: Bytes) -> Message {
    Message { kind: "block", id: token(&block.hash), cell: Some(cell.to_owned()), body }
}

fn text(news: &News) -> Bytes {
    Bytes::copy_from_slice(news.text().as_bytes())
}
