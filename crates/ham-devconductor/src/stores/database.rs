//! Database files, for the eyes of their owner only.

use std::path::Path;

use holochain_state::data::{DatabaseIdentifier, DbWrite, HolochainDataConfig, open_db};

use super::directory::make_private_file;
use crate::error::Cause;

/// Opens a database of a directory, made where it is not there. Its file is private, and SQLite makes the files beside it like it.
///
/// # Errors
/// The file cannot be made, or is no such database.
pub(super) async fn open<I: DatabaseIdentifier>(
    directory: &Path,
    identifier: I,
    settings: HolochainDataConfig,
) -> Result<DbWrite<I>, Cause> {
    make_private_file(&directory.join(identifier.database_id()))?;
    Ok(open_db(directory, identifier, settings).await?)
}
