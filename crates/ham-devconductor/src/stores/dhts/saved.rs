//! Copies of the files of stores, and going back to them.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, ErrorKind};
use std::time::Duration;

use holo_hash::DnaHash;
use holochain_state::data::DatabaseIdentifier as _;
use tempfile::TempDir;

use super::super::directory::{SNAPSHOTS, make_private};
use super::{Dhts, ENDINGS, identifier};
use crate::error::Cause;

/// Copies of the files of stores, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct SavedDhts(TempDir);

/// Why stores are not saved.
#[derive(Debug)]
pub(crate) enum SaveError {
    /// A file cannot be read or written.
    Files(io::Error),
    /// A database cannot be held.
    Database(Cause),
    /// This one has been written to for longer than [`PATIENCE`].
    Busy(DnaHash),
}

impl Dhts {
    /// Copies the files of these stores, all as they are at one moment. Nothing is written to them meanwhile: a writer waits for
    /// their databases as it does for other writers.
    ///
    /// # Errors
    /// Variant by variant in [`SaveError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn save(&self, dnas: &HashSet<DnaHash>) -> Result<SavedDhts, SaveError> {
        let (mut places, mut writing) = (Vec::new(), Vec::new());
        for dna in dnas.iter().collect::<BTreeSet<_>>() {
            let place = std::sync::Arc::clone(self.places().entry(dna.clone()).or_default());
            // It is neither opened nor closed meanwhile.
            let place = place.read_owned().await;
            if let Some(database) = &*place {
                // Before it is written in the memory of others. SQLite copies what was written into the file at any time: that stays in
                // the log as well.
                let held = tokio::time::timeout(PATIENCE, database.pool().begin_with("BEGIN IMMEDIATE"));
                let held = held.await.map_err(|_| SaveError::Busy(dna.clone()))?;
                writing.push(held.map_err(|error| SaveError::Database(error.into()))?);
            }
            places.push(place);
        }
        let saved = self.copy(dnas).await.map_err(SaveError::Files);
        for held in writing {
            held.rollback().await.map_err(|error| SaveError::Database(error.into()))?;
        }
        saved
    }

    async fn copy(&self, dnas: &HashSet<DnaHash>) -> io::Result<SavedDhts> {
        let place = self.databases.join(SNAPSHOTS);
        make_private(&place)?;
        let directory = tempfile::tempdir_in(place)?;
        for dna in dnas {
            for ending in [ENDINGS[0], ENDINGS[1]] {
                let name = format!("{}{ending}", identifier(dna).database_id());
                match tokio::fs::copy(self.databases.join(&name), directory.path().join(name)).await {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(SavedDhts(directory))
    }

    /// Closes all stores, and puts the saved ones in their place. Anyone who still holds one finds it closed.
    ///
    /// # Errors
    /// A file cannot be removed, read or written; some stores are then as they were saved, and others are not.
    pub(crate) async fn restore(&self, saved: &SavedDhts) -> io::Result<()> {
        self.close().await;
        self.keep_only(&HashSet::new()).await?;
        let mut files = tokio::fs::read_dir(saved.0.path()).await?;
        while let Some(file) = files.next_entry().await? {
            tokio::fs::copy(file.path(), self.databases.join(file.file_name())).await?;
        }
        Ok(())
    }
}

/// Longer than a commit of some thousand records takes.
const PATIENCE: Duration = Duration::from_secs(1);
