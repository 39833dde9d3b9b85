//! Database files that only their owner can read.

use std::path::Path;

use holochain_state::data::{DatabaseIdentifier, DbWrite, HolochainDataConfig, open_db};

use super::directory::make_private_file;
use crate::error::Cause;

/// Opens a database in a directory, creating it if it does not exist. Its file is private, and SQLite makes the files beside it private too.
///
/// # Errors
/// The file cannot be created, or is not such a database.
pub(super) async fn open<I: DatabaseIdentifier>(
    directory: &Path,
    identifier: I,
    settings: HolochainDataConfig,
) -> Result<DbWrite<I>, Cause> {
    make_private_file(&directory.join(identifier.database_id()))?;
    Ok(open_db(directory, identifier, settings).await?)
}
