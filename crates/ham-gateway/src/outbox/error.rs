//! Why a call is not in the outbox, or cannot be.

use std::io;
use std::sync::Arc;

use super::call::CallId;

/// Why a call is not in the outbox.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It already holds as much as it may.
    #[error("the outbox is full")]
    Full,
    /// More changes wait to be written than may.
    #[error("more than {MOST_WAITING} changes wait to be written")]
    Busy,
    /// It is closed.
    #[error("the outbox is closed")]
    Closed,
    /// It was closed after a disk error, and is being opened again.
    #[error("the outbox cannot be used and is being reopened: {0}")]
    Away(Arc<Self>),
    /// Another process has it open.
    #[error("another process has the outbox")]
    Taken,
    /// The file exists, but is empty.
    #[error("the file of the outbox is empty: what it held is lost")]
    Empty,
    /// Users other than its owner can read or write the file.
    #[error("the file of the outbox is open to others (mode {mode:o})")]
    OpenToOthers {
        /// The bits of its mode.
        mode: u32,
    },
    /// The reopened file is not the one that was closed.
    #[error(
        "the outbox was closed after transaction {closed} and has {found} now: it is another file, or its disk lost some"
    )]
    Differs {
        /// The last transaction that is known.
        closed: u64,
        /// The last one that was found.
        found: u64,
    },
    /// The file cannot be opened.
    #[error("cannot open the outbox: {0}")]
    Io(Arc<io::Error>),
    /// The file cannot be read or written.
    #[error("cannot use the outbox: {0}")]
    Storage(Arc<redb::Error>),
    /// A call cannot be written down.
    #[error("a call cannot be written down: {0}")]
    Encode(String),
    /// The file contains something that is not a call.
    #[error("the outbox holds something that is not a call: {0}")]
    Decode(String),
    /// The file has another format version.
    #[error("the outbox has format {0}, which this version does not know")]
    Format(u8),
    /// The file refers to a call that it does not contain.
    #[error("the outbox speaks of the call {0}, which it does not hold")]
    Missing(CallId),
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => Self::Taken,
            error => Self::Storage(Arc::new(error)),
        }
    }
}

impl StoreError {
    /// Whether the state of the disk is unknown, and the file must be opened again before anything is done with it.
    pub(super) fn is_of_the_disk(&self) -> bool {
        let Self::Storage(error) = self else { return false };
        matches!(
            **error,
            redb::Error::Io(_)
                | redb::Error::Backend(_)
                | redb::Error::PreviousIo
                | redb::Error::Corrupted(_)
                | redb::Error::DatabaseClosed
                | redb::Error::LockPoisoned(_)
        )
    }
}

/// The largest number of changes that wait to be written.
pub(super) const MOST_WAITING: usize = 1_024;

/// Why a call was not accepted. Nothing of it was sent.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// Its key belongs to another request.
    #[error("the key belongs to another request")]
    OtherRequest,
    /// The gateway has no connection to this app.
    #[error("there is no app `{app}`")]
    UnknownApp {
        /// Its name.
        app: String,
    },
    /// The outbox is being closed.
    #[error("the gateway is stopping")]
    ShuttingDown,
    /// It cannot be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be looked up whether its key already belongs to a call.
    #[error("whether the key belongs to a call cannot be looked up: {0}")]
    NotLookedUp(#[source] StoreError),
}
