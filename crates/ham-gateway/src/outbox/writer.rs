//! The one thread that writes: everything that waits for it is one transaction, and one sync of the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{Database, Durability};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::call::Call;
use super::crash::{self, Point};
use super::error::StoreError;
use super::limits::Limits;
use super::tables::{Accepted, Held, Tables};
use crate::metrics;

/// What is to be written, and who waits for it.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) change: Change,
    pub(super) done: oneshot::Sender<Result<Accepted, StoreError>>,
}

#[derive(Debug)]
pub(super) enum Change {
    /// Enter it, unless its key is taken.
    Accept(Box<Call>),
    /// Write it over what it was.
    Write(Box<Call>),
    /// The same, and free its key.
    Release(Box<Call>),
    /// Forget what is kept no longer than this.
    Sweep(i64),
}

/// What the writer tells of itself.
#[derive(Debug, Default)]
pub struct Meter {
    records: AtomicU64,
    bytes: AtomicU64,
    commits: AtomicU64,
    commands: AtomicU64,
}

impl Meter {
    /// How much the file holds.
    #[must_use]
    pub fn held(&self) -> Held {
        Held { records: self.records.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// How many transactions were committed, and how many changes they held.
    #[must_use]
    pub fn commits(&self) -> (u64, u64) {
        (self.commits.load(Ordering::Relaxed), self.commands.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, held: Held) {
        self.records.store(held.records, Ordering::Relaxed);
        self.bytes.store(held.bytes, Ordering::Relaxed);
    }
}

/// Writes what it is sent. A thread of its own runs it; a simulation can, step by step.
#[derive(Debug)]
pub struct Writer {
    pub(super) database: Arc<Database>,
    pub(super) changes: mpsc::Receiver<Command>,
    pub(super) limits: Limits,
    pub(super) meter: Arc<Meter>,
    batch: Vec<Command>,
    answers: Answers,
}

impl Writer {
    pub(super) fn new(
        database: Arc<Database>,
        changes: mpsc::Receiver<Command>,
        limits: Limits,
        meter: Arc<Meter>,
    ) -> Self {
        Self { database, changes, limits, meter, batch: Vec::new(), answers: Vec::new() }
    }

    /// Writes until nobody can send a change any more.
    pub(super) fn run(mut self) {
        while let Some(first) = self.changes.blocking_recv() {
            self.take(first);
            self.commit();
            self.answer();
        }
    }

    /// Takes all that waits to be written, once there is something; `false` when there never will be.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn gather(&mut self) -> bool {
        let Some(first) = self.changes.recv().await else { return false };
        self.take(first);
        true
    }

    fn take(&mut self, first: Command) {
        self.batch.push(first);
        while self.batch.len() < MOST_AT_ONCE
            && let Ok(next) = self.changes.try_recv()
        {
            self.batch.push(next);
        }
    }

    /// Writes what was gathered, all of it or nothing.
    pub fn commit(&mut self) {
        let began = Instant::now();
        self.answers = match commit(&self.database, &self.batch, self.limits, self.meter.held()) {
            Ok((held, answers)) => {
                self.meter.set(held);
                metrics::committed(self.batch.len(), began.elapsed());
                self.meter.commits.fetch_add(1, Ordering::Relaxed);
                self.meter.commands.fetch_add(self.batch.len() as u64, Ordering::Relaxed);
                answers
            }
            Err(error) => self.batch.iter().map(|_| Err(error.clone())).collect(),
        };
    }

    /// Tells those who wait what was committed.
    pub fn answer(&mut self) {
        for (command, answer) in self.batch.drain(..).zip(self.answers.drain(..)) {
            // Whoever asked may have left.
            let _ = command.done.send(answer);
        }
    }
}

type Answers = Vec<Result<Accepted, StoreError>>;

/// All of them, or none.
fn commit(
    database: &Database,
    batch: &[Command],
    limits: Limits,
    mut held: Held,
) -> Result<(Held, Answers), StoreError> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    let mut answers = Vec::with_capacity(batch.len());
    {
        let mut tables = Tables::open(&transaction)?;
        for command in batch {
            answers.push(match &command.change {
                // What is new is refused at a bound. What is known goes on: a settled call gives room.
                Change::Accept(_) if limits.are_met(held) => Err(StoreError::Full),
                Change::Accept(call) => Ok(tables.accept(call, &mut held)?),
                Change::Write(call) => {
                    tables.write(call, &mut held)?;
                    Ok(Accepted::New)
                }
                Change::Release(call) => {
                    tables.write(call, &mut held)?;
                    tables.release(call)?;
                    Ok(Accepted::New)
                }
                Change::Sweep(now) => Ok(Accepted::Swept(tables.sweep(*now, &mut held)?)),
            });
        }
    }
    if batch.iter().any(|command| matches!(command.change, Change::Accept(_))) {
        crash::at(Point::K1);
    }
    transaction.commit()?;
    Ok((held, answers))
}

/// Most changes in one transaction.
const MOST_AT_ONCE: usize = 1_024;
