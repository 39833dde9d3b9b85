//! Why a conductor is not saved, or not as it was.

use std::io;

use super::Cause;

/// Why [`DevConductor::snapshot`](crate::DevConductor::snapshot) or [`DevConductor::revert`](crate::DevConductor::revert) fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Requests or scheduled functions run for longer than ten seconds. Nothing is changed.
    #[error("requests are answered for longer than ten seconds")]
    Busy,
    /// Files cannot be copied.
    #[error("the files of a snapshot cannot be copied")]
    Files {
        /// What the system says.
        source: io::Error,
    },
    /// A database cannot be read or written.
    #[error("a database cannot be used")]
    Database {
        /// What the database says.
        source: Cause,
    },
    /// An app cannot be started again.
    #[error("the app {id} cannot be started")]
    App {
        /// Which.
        id: String,
        /// What its cells fail with.
        source: Cause,
    },
}

impl SnapshotError {
    pub(crate) fn files(source: io::Error) -> Self {
        Self::Files { source }
    }

    pub(crate) fn database(source: impl Into<Cause>) -> Self {
        Self::Database { source: source.into() }
    }
}
