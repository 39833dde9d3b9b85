//! The outbox's file: what is accepted is on disk before anybody is told so.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase as _, StorageBackend};
use tokio::sync::{mpsc, oneshot};

use super::call::{Call, CallId};
use super::error::{MOST_WAITING, StoreError};
use super::limits::Limits;
use super::read::{self, Page};
use super::tables::{Accepted, Tables};
use super::writer::{Change, Command, Meter, Writer};

/// An outbox that was opened.
#[derive(Debug)]
pub struct Opened {
    /// It.
    pub store: Store,
    /// What was not settled when it was closed, or when the process before ended; the oldest first.
    pub open: Vec<Call>,
}

/// The outbox's file. One process has it at a time.
#[derive(Debug)]
pub struct Store {
    changes: Option<mpsc::Sender<Command>>,
    database: Arc<Database>,
    meter: Arc<Meter>,
    writer: Option<JoinHandle<()>>,
}

impl Store {
    /// Opens the file, private to this user, or makes it.
    ///
    /// # Errors
    /// It cannot be opened, another process has it, or it is not an outbox.
    pub fn open(path: &Path, limits: Limits) -> Result<Opened, StoreError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|error| StoreError::Io(Arc::new(error)))?;
        Self::on(Builder::new().create_with_backend(FileBackend::new(file)?)?, limits)
    }

    /// On storage of another kind, which tests tear.
    ///
    /// # Errors
    /// It is not an outbox.
    pub fn open_on(storage: impl StorageBackend, limits: Limits) -> Result<Opened, StoreError> {
        Self::on(Builder::new().create_with_backend(storage)?, limits)
    }

    /// The same, and leaves the writing to the caller: without that, nothing that is asked for here is ever answered. For simulations,
    /// in which no thread may be.
    ///
    /// # Errors
    /// It is not an outbox.
    pub fn open_apart(storage: impl StorageBackend, limits: Limits) -> Result<(Opened, Writer), StoreError> {
        Self::apart(Builder::new().create_with_backend(storage)?, limits)
    }

    fn on(database: Database, limits: Limits) -> Result<Opened, StoreError> {
        let (mut opened, writer) = Self::apart(database, limits)?;
        let thread = std::thread::Builder::new()
            .name("ham-outbox".into())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::Io(Arc::new(error)))?;
        opened.store.writer = Some(thread);
        Ok(opened)
    }

    fn apart(database: Database, limits: Limits) -> Result<(Opened, Writer), StoreError> {
        let transaction = database.begin_write()?;
        let (open, held) = Tables::open(&transaction)?.recover()?;
        transaction.commit()?;
        let (database, meter) = (Arc::new(database), Arc::new(Meter::default()));
        meter.set(held);
        let (changes, queue) = mpsc::channel(MOST_WAITING);
        let writer = Writer::new(Arc::clone(&database), queue, limits, Arc::clone(&meter));
        let store = Self { changes: Some(changes), database, meter, writer: None };
        Ok((Opened { store, open }, writer))
    }

    /// Enters a call, unless its key belongs to one already. Once this answers, it is on disk.
    ///
    /// # Errors
    /// The outbox is full, has too much to write, or cannot be written: then nothing is entered.
    ///
    /// # Cancel safety
    /// Dropping the future may leave it entered.
    pub async fn accept(&self, call: Call) -> Result<Accepted, StoreError> {
        let (done, answer) = oneshot::channel();
        let command = Command { change: Change::Accept(Box::new(call)), done };
        self.changes()?.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes a call over what it was. Once this answers, it is on disk. Waits where there is much to write, and the outbox is never
    /// full for what it knows.
    ///
    /// # Errors
    /// It cannot be written.
    ///
    /// # Cancel safety
    /// Dropping the future may leave it written.
    pub async fn write(&self, call: Call) -> Result<(), StoreError> {
        self.change(Change::Write(Box::new(call))).await.map(drop)
    }

    /// The same, and frees its key: it did not run, so the next request with that key is run.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    pub async fn release(&self, call: Call) -> Result<(), StoreError> {
        self.change(Change::Release(Box::new(call))).await.map(drop)
    }

    /// Forgets calls that are kept no longer than this, at most a thousand; answers how many.
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

    /// A call by its name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, id: CallId) -> Result<Option<Call>, StoreError> {
        read::get(&self.database.begin_read()?, id)
    }

    /// The call that a key of its owner belongs to.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find(&self, api_key: &str, key: &str) -> Result<Option<Call>, StoreError> {
        read::find(&self.database.begin_read()?, api_key, key)
    }

    /// A part of the calls of `owner`, or of everybody's.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self, page: Page, owner: Option<&str>) -> Result<Vec<Call>, StoreError> {
        read::list(&self.database.begin_read()?, page, owner)
    }

    /// What the writer tells of itself.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The writer ends once nobody can send, and the file is closed with it.
        self.changes = None;
        if let Some(writer) = self.writer.take() {
            // Where it panicked, whoever waited was told.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
