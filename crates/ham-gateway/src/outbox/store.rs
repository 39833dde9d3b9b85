//! The outbox's file: an accepted call is on disk before anybody is told so.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use redb::{ReadTransaction, ReadableDatabase as _, StorageBackend};
use tokio::sync::{mpsc, oneshot};

use super::call::{Call, CallId};
use super::change::{Change, Command};
use super::database_source::DatabaseSource;
use super::disk::Disk;
use super::error::{MOST_WAITING, StoreError};
use super::limits::Limits;
use super::meter::Meter;
use super::read::{self, Page};
use super::tables::{Accepted, Tables, last_number};
use super::writer::Writer;
use crate::metrics;

/// An outbox that was opened.
#[derive(Debug)]
pub struct Opened {
    /// It.
    pub store: Store,
    /// The calls that were not settled when it was closed, or when the previous process ended; the oldest first.
    pub open: Vec<Call>,
}

/// The outbox's file. One process at a time has it open.
#[derive(Debug)]
pub struct Store {
    changes: Option<mpsc::Sender<Command>>,
    pub(super) disk: Arc<Disk>,
    meter: Arc<Meter>,
    /// Dropping the sender asks the thread to end.
    writer: Option<(std::sync::mpsc::Sender<()>, JoinHandle<()>)>,
}

impl Store {
    /// Opens the file, private to this user, or makes it. After a disk error it is opened again, by the same name.
    ///
    /// # Errors
    /// It cannot be opened, another process has it open, it is empty or open to others, or it is not an outbox.
    pub fn open(path: &Path, limits: Limits) -> Result<Opened, StoreError> {
        Self::on(DatabaseSource::file(path)?, limits)
    }

    /// On storage of another kind, which tests damage; `again` opens it, also after its errors.
    ///
    /// # Errors
    /// It is not an outbox.
    pub fn open_on<B: StorageBackend>(
        again: impl FnMut() -> io::Result<B> + Send + 'static,
        limits: Limits,
    ) -> Result<Opened, StoreError> {
        Self::on(DatabaseSource::storage(again), limits)
    }

    /// The same, but leaves the writing to the caller: until it writes, no request made here is ever answered. For
    /// simulations, which may not have threads.
    ///
    /// # Errors
    /// It is not an outbox.
    pub fn open_apart<B: StorageBackend>(
        again: impl FnMut() -> io::Result<B> + Send + 'static,
        limits: Limits,
    ) -> Result<(Opened, Writer), StoreError> {
        Self::apart(DatabaseSource::storage(again), limits)
    }

    fn on(source: DatabaseSource, limits: Limits) -> Result<Opened, StoreError> {
        let (mut opened, writer) = Self::apart(source, limits)?;
        let (stop, stopped) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("ham-outbox".into())
            .spawn(move || writer.run(&stopped))
            .map_err(|error| StoreError::Io(Arc::new(error)))?;
        opened.store.writer = Some((stop, thread));
        Ok(opened)
    }

    fn apart(mut source: DatabaseSource, limits: Limits) -> Result<(Opened, Writer), StoreError> {
        let database = source.open()?;
        let transaction = database.begin_write()?;
        let (open, held) = Tables::open(&transaction)?.recover()?;
        transaction.commit()?;
        let last = last_number(&database.begin_read()?)?;
        let (disk, meter) = (Arc::new(Disk::new(database)), Arc::new(Meter::default()));
        meter.set(held);
        metrics::store_up(true);
        let (changes, queue) = mpsc::channel(MOST_WAITING);
        let writer = Writer::new(Arc::clone(&disk), source, queue, limits, Arc::clone(&meter), last);
        let store = Self { changes: Some(changes), disk, meter, writer: None };
        Ok((Opened { store, open }, writer))
    }

    /// Enters a call, unless its key already belongs to one. Once this answers, it is on disk.
    ///
    /// # Errors
    /// The outbox is full, has too much to write, or cannot be written: then nothing is entered. If the disk fails
    /// while this waits, nobody knows whether the call is entered; this keeps waiting until that is known.
    ///
    /// # Cancel safety
    /// Dropping the future may leave it entered.
    pub async fn accept(&self, call: Call) -> Result<Accepted, StoreError> {
        if let Some(away) = self.away() {
            return Err(away);
        }
        let (done, answer) = oneshot::channel();
        let command = Command { change: Change::Accept(Box::new(call)), done };
        self.changes()?.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes a call over its previous state. Once this answers, it is on disk. Waits while there is much to write and,
    /// if the disk fails, until it works again; the outbox is never too full for a call that it already has.
    ///
    /// # Errors
    /// It cannot be written.
    ///
    /// # Cancel safety
    /// Dropping the future may leave it written.
    pub async fn write(&self, call: Call) -> Result<(), StoreError> {
        self.change(Change::Write(Box::new(call))).await.map(drop)
    }

    /// The same, and frees its key: the call did not run, so the next request with that key is run.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    pub async fn release(&self, call: Call) -> Result<(), StoreError> {
        self.change(Change::Release(Box::new(call))).await.map(drop)
    }

    /// Forgets calls that are not kept beyond this time, at most a thousand; returns how many.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    pub async fn sweep(&self, now: i64) -> Result<usize, StoreError> {
        match self.change(Change::Sweep(now)).await? {
            Accepted::Swept(count) => Ok(count),
            _ => Ok(0),
        }
    }

    async fn change(&self, change: Change) -> Result<Accepted, StoreError> {
        let (done, answer) = oneshot::channel();
        let command = Command { change, done };
        self.changes()?.send(command).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    fn changes(&self) -> Result<&mpsc::Sender<Command>, StoreError> {
        self.changes.as_ref().ok_or(StoreError::Closed)
    }

    /// A call by its id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, id: CallId) -> Result<Option<Call>, StoreError> {
        self.read(|file| read::get(file, id))
    }

    /// The call that a key of its owner belongs to.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find(&self, api_key: &str, key: &str) -> Result<Option<Call>, StoreError> {
        self.read(|file| read::find(file, api_key, key))
    }

    /// A part of the calls of `owner`, or of everybody's.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self, page: Page, owner: Option<&str>) -> Result<Vec<Call>, StoreError> {
        self.read(|file| read::list(file, page, owner))
    }

    fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let found = self.disk.read(read);
        if let Err(error) = &found
            && error.is_of_the_disk()
        {
            // The writer notices it too, and opens the file again.
            let (done, _) = oneshot::channel();
            let _ = self.changes()?.try_send(Command { change: Change::Look, done });
        }
        found
    }

    /// Why the file cannot be used, until something is written to it again.
    #[must_use]
    pub fn away(&self) -> Option<StoreError> {
        self.disk.away()
    }

    /// Resolves once the file cannot be used.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn goes_away(&self) {
        self.disk.goes_away().await;
    }

    /// Whether its thread has ended although nobody asked it to.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.writer.as_ref().is_some_and(|(_, writer)| writer.is_finished())
    }

    /// What the writer tells of itself.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The writer ends once nobody can send, and closes the file.
        self.changes = None;
        if let Some((stop, writer)) = self.writer.take() {
            drop(stop);
            // If it panicked, those who waited were told.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
