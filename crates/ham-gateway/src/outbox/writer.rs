//! The one thread that writes: all waiting changes become one transaction, with one sync of the disk.
//!
//! After a disk error nobody knows whether the transaction is on the disk. The file is closed and opened again, and the
//! number of its last transaction tells. Until then all callers keep waiting: no answer is given that is not certain.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use redb::{Database, Durability};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::call::Call;
use super::change::{Change, Command};
use super::crash::{self, Point};
use super::database_source::DatabaseSource;
use super::disk::Disk;
use super::error::StoreError;
use super::limits::Limits;
use super::machine::Mode;
use super::meter::Meter;
use super::outages::Outages;
use super::tables::{Accepted, Held, Tables, last_number};
use crate::metrics;

/// Writes the changes that it is sent. It runs on a thread of its own; a simulation can run it step by step.
#[derive(Debug)]
pub struct Writer {
    pub(super) disk: Arc<Disk>,
    pub(super) source: DatabaseSource,
    pub(super) changes: mpsc::Receiver<Command>,
    pub(super) limits: Limits,
    pub(super) meter: Arc<Meter>,
    /// The number of the last transaction that is known to be on the disk.
    pub(super) last: u64,
    batch: Vec<Command>,
    answers: Answers,
    /// The answers to give if the failed transaction is on the disk.
    doubtful: Option<(Held, Answers)>,
    pause: Duration,
    outages: Outages,
}

impl Writer {
    pub(super) fn new(
        disk: Arc<Disk>,
        source: DatabaseSource,
        changes: mpsc::Receiver<Command>,
        limits: Limits,
        meter: Arc<Meter>,
        last: u64,
    ) -> Self {
        let (batch, answers, outages) = (Vec::new(), Vec::new(), Outages::default());
        let (doubtful, pause) = (None, FIRST_PAUSE);
        Self { disk, source, changes, limits, meter, last, batch, answers, doubtful, pause, outages }
    }

    /// Writes until nobody can send a change any more, or the file cannot be used when `stop` is dropped.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        while let Some(first) = self.changes.blocking_recv() {
            self.take(first);
            while let Some(pause) = self.commit() {
                if stop.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
            self.answer();
        }
    }

    /// Takes all changes that wait to be written, once there is one; `false` when there never will be one.
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

    /// Writes what was gathered, all of it or nothing. After a disk error nobody knows which: call this again after the
    /// returned time, and it opens the file again.
    pub fn commit(&mut self) -> Option<Duration> {
        self.meter.busy(Some(Instant::now()));
        let written = self.write();
        self.meter.busy(None);
        let error = match written {
            Ok(()) => {
                self.pause = FIRST_PAUSE;
                self.is_usable();
                return None;
            }
            Err(Unwritten::Refused(error)) => {
                self.doubtful = None;
                self.answers = self.batch.iter().map(|_| Err(error.clone())).collect();
                self.is_usable();
                return None;
            }
            Err(Unwritten::Unknown(error)) => error,
        };
        self.outages.failed(&error);
        self.disk.give_up(error);
        let pause = self.pause;
        self.pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        Some(pause)
    }

    fn is_usable(&mut self) {
        self.disk.is_written();
        self.outages.end();
    }

    fn write(&mut self) -> Result<(), Unwritten> {
        if !self.disk.is_open() && self.reopen().map_err(Unwritten::Unknown)? {
            return Ok(());
        }
        let began = Instant::now();
        let doubtful = &mut self.doubtful;
        let (batch, limits, held, number) = (&self.batch, self.limits, self.meter.held(), self.last + 1);
        let written = self.disk.with(|database| commit(database, number, batch, limits, held, doubtful));
        written.map_err(|error| match error.is_of_the_disk() {
            true => Unwritten::Unknown(error),
            false => Unwritten::Refused(error),
        })?;
        metrics::committed(self.batch.len(), began.elapsed());
        self.is_written();
        Ok(())
    }

    /// The transaction in doubt is on the disk.
    fn is_written(&mut self) {
        self.last += 1;
        if let Some((held, answers)) = self.doubtful.take() {
            self.meter.committed(held, self.batch.len());
            self.answers = answers;
        }
    }

    /// Opens the file again. Returns whether the transaction in doubt is on the disk.
    fn reopen(&mut self) -> Result<bool, StoreError> {
        let database = self.source.open()?;
        let found = last_number(&redb::ReadableDatabase::begin_read(&database)?)?;
        let is_there = self.doubtful.is_some() && found == self.last + 1;
        if !is_there && found != self.last {
            return Err(StoreError::Differs { closed: self.last, found });
        }
        // What was found may only be in the system's memory: a synced transaction takes it to the disk.
        commit(&database, found, &[], self.limits, Held::default(), &mut None)?;
        self.disk.put(database);
        if is_there {
            self.is_written();
        }
        self.doubtful = None;
        Ok(is_there)
    }

    /// Answers the waiting callers with what was committed.
    pub fn answer(&mut self) {
        for (command, answer) in self.batch.drain(..).zip(self.answers.drain(..)) {
            // The caller may have left.
            let _ = command.done.send(answer);
        }
    }
}

type Answers = Vec<Result<Accepted, StoreError>>;

/// Why nothing is answered yet, or what everybody is answered.
enum Unwritten {
    /// Nothing of it is on the disk.
    Refused(StoreError),
    /// It may be.
    Unknown(StoreError),
}

/// All changes, or none. The answers are in `doubtful` from the moment when the transaction may be on the disk.
fn commit(
    database: &Database,
    number: u64,
    batch: &[Command],
    limits: Limits,
    mut held: Held,
    doubtful: &mut Option<(Held, Answers)>,
) -> Result<(), StoreError> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    let mut answers = Vec::with_capacity(batch.len());
    {
        let mut tables = Tables::open(&transaction)?;
        for command in batch {
            answers.push(match &command.change {
                // New calls are refused at a bound. Known ones continue: a settled call frees room.
                Change::Accept(call) if bound(call, limits).are_met(held) => Err(StoreError::Full),
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
                Change::Look => Ok(Accepted::New),
            });
        }
        tables.number(number)?;
    }
    if batch.iter().any(|command| matches!(command.change, Change::Accept(_))) {
        crash::at(Point::K1);
    }
    *doubtful = Some((held, answers));
    Ok(transaction.commit()?)
}

fn bound(call: &Call, limits: Limits) -> Limits {
    match call.record.mode() {
        Mode::Keyed | Mode::Async => limits,
        Mode::Direct => limits.with_room_for_lost(),
    }
}

/// Most changes in one transaction.
const MOST_AT_ONCE: usize = 1_024;
/// Until a file that could not be used is opened again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
