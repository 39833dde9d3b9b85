//! Why a conductor is not saved, or not restored.

use std::io;

use holo_hash::DnaHash;

use super::Cause;
use crate::stores::SaveError;

/// Why [`DevConductor::snapshot`](crate::DevConductor::snapshot) or [`DevConductor::revert`](crate::DevConductor::revert) fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Nothing is reverted: what was running was cut off and did not end within ten seconds. It is a large commit that is being
    /// written, or an administrator's request.
    #[error("what was running was cut off and did not end within ten seconds; nothing was reverted")]
    Busy,
    /// Nothing is saved: a commit in this DNA has been in progress for longer than a second.
    #[error("a commit in the DNA {dna} has been in progress for longer than a second; nothing is saved")]
    Written {
        /// The DNA.
        dna: DnaHash,
    },
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
        /// The app.
        id: String,
        /// Why its cells cannot be started.
        source: Cause,
    },
}

impl SnapshotError {
    pub(crate) fn of(error: SaveError) -> Self {
        match error {
            SaveError::Files(source) => Self::Files { source },
            SaveError::Database(source) => Self::Database { source },
            SaveError::Busy(dna) => Self::Written { dna },
        }
    }

    pub(crate) fn files(source: io::Error) -> Self {
        Self::Files { source }
    }

    pub(crate) fn database(source: impl Into<Cause>) -> Self {
        Self::Database { source: source.into() }
    }
}
