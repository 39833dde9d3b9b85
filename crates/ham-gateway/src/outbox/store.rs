//! The outbox's file: what is accepted is on disk before anybody is told so.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase as _, StorageBackend};
use tokio::sync::{mpsc, oneshot};

use super::call::{Call, CallId};
use super::tables::{self, Held, Tables};
use super::writer::{self, Change, Command, Meter};

/// How much the outbox holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls, settled ones included.
    pub records: u64,
    /// Bytes of their values.
    pub bytes: u64,
}

impl Limits {
    pub(super) fn are_met(self, held: Held) -> bool {
        held.records >= self.records || held.bytes >= self.bytes
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 100_000, bytes: 1 << 30 }
    }
}

/// What became of a call that was to be entered.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// It is entered.
    New,
    /// Its key belongs to this call, which is the same request.
    Known(Box<Call>),
    /// Its key belongs to another request.
    OtherRequest,
    /// So many were forgotten.
    Swept(usize),
}

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

    fn on(database: Database, limits: Limits) -> Result<Opened, StoreError> {
        let transaction = database.begin_write()?;
        let (open, held) = Tables::open(&transaction)?.recover()?;
        transaction.commit()?;
        let (database, meter) = (Arc::new(database), Arc::new(Meter::default()));
        meter.set(held);
        let (changes, queue) = mpsc::channel(MOST_WAITING);
        let writer = {
            let (database, meter) = (Arc::clone(&database), Arc::clone(&meter));
            std::thread::Builder::new()
                .name("ham-outbox".into())
                .spawn(move || writer::write(&database, queue, limits, &meter))
                .map_err(|error| StoreError::Io(Arc::new(error)))?
        };
        Ok(Opened { store: Self { changes: Some(changes), database, meter, writer: Some(writer) }, open })
    }

    /// Enters a call, unless its key belongs to one already. Once this answers, it is on disk.
    ///
    /// # Errors
    /// The outbox is full, has too much to write, or cannot be written: then nothing is entered.
    ///
    /// # Cancel safety
    /// Dropping the future may leave it entered.
    pub async fn accept(&self, call: Call) -> Result<Accepted, StoreError> {
        self.change(Change::Accept(Box::new(call))).await
    }

    /// Writes a call over what it was. Once this answers, it is on disk.
    ///
    /// # Errors
    /// As [`accept`](Self::accept), but it is never full for what it knows.
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
        let changes = self.changes.as_ref().ok_or(StoreError::Closed)?;
        changes.try_send(Command { change, done }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// A call by its name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, id: CallId) -> Result<Option<Call>, StoreError> {
        tables::read(&self.database.begin_read()?, id)
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

/// Why something is not in the outbox.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It holds as much as it may.
    #[error("the outbox is full")]
    Full,
    /// More waits to be written than may.
    #[error("more than {MOST_WAITING} changes wait to be written")]
    Busy,
    /// It is closed.
    #[error("the outbox is closed")]
    Closed,
    /// The file cannot be opened.
    #[error("cannot open the outbox: {0}")]
    Io(Arc<io::Error>),
    /// The file cannot be read or written.
    #[error("cannot use the outbox: {0}")]
    Storage(Arc<redb::Error>),
    /// A call cannot be written down.
    #[error("a call cannot be written down: {0}")]
    Encode(String),
    /// What the file holds is not a call.
    #[error("the outbox holds something that is not a call: {0}")]
    Decode(String),
    /// The file is of another version.
    #[error("the outbox has format {0}, which this version does not know")]
    Format(u8),
    /// The file speaks of a call that it does not hold.
    #[error("the outbox speaks of the call {0}, which it does not hold")]
    Missing(CallId),
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Storage(Arc::new(error.into()))
    }
}

/// Most changes that wait to be written.
const MOST_WAITING: usize = 1_024;

#[cfg(test)]
mod tests;
