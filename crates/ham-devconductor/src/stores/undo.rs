//! Copies of what changes while a conductor reverts to a snapshot, so that an abrupt end leaves everything as it was before.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tokio::fs;

use super::directory::{make_private, write_once};

/// The copies of one directory of databases.
pub(crate) struct Undo {
    databases: PathBuf,
    aside: PathBuf,
    /// Whether anyone will open the directory again.
    is_kept: bool,
}

impl Undo {
    /// First undoes what was cut short. The databases must not be open.
    ///
    /// # Errors
    /// A file cannot be copied or removed; the next start tries again.
    pub(super) async fn open(databases: &Path, is_kept: bool) -> io::Result<Self> {
        let aside = databases.join("undo");
        let undo = Self { databases: databases.to_owned(), aside, is_kept };
        if fs::try_exists(undo.mark()).await? {
            tracing::warn!("a revert to a snapshot was cut short, and is being undone");
            for file in files(&undo.databases).await? {
                fs::remove_file(undo.databases.join(file)).await?;
            }
            for file in files(&undo.aside).await? {
                copy(&undo.aside.join(&file), &undo.databases.join(&file)).await?;
            }
        }
        undo.forget().await?;
        Ok(undo)
    }

    /// Copies the databases aside. Nothing may write to them meanwhile. An existing copy stays, since it is older.
    ///
    /// # Errors
    /// A file cannot be copied. Nothing will then be undone.
    pub(crate) async fn begin(&self) -> io::Result<()> {
        if !self.is_kept || fs::try_exists(self.mark()).await? {
            return Ok(());
        }
        self.forget().await?;
        make_private(&self.aside)?;
        for file in files(&self.databases).await? {
            copy(&self.databases.join(&file), &self.aside.join(&file)).await?;
        }
        // From here on the next start undoes what is changed.
        write_once(&self.mark(), b"")
    }

    /// Everything is changed, on the disk too: nothing will be undone.
    ///
    /// # Errors
    /// A file cannot be written or removed.
    pub(crate) async fn end(&self) -> io::Result<()> {
        if !self.is_kept {
            return Ok(());
        }
        for file in files(&self.databases).await? {
            fs::File::open(self.databases.join(file)).await?.sync_all().await?;
        }
        self.forget().await
    }

    /// The mark goes first: copies without it are incomplete.
    async fn forget(&self) -> io::Result<()> {
        absent(fs::remove_file(self.mark()).await)?;
        absent(fs::remove_dir_all(&self.aside).await)
    }

    fn mark(&self) -> PathBuf {
        self.aside.join("whole")
    }
}

/// The names of the files of databases in a directory.
async fn files(directory: &Path) -> io::Result<Vec<String>> {
    let (mut entries, mut names) = (fs::read_dir(directory).await?, Vec::new());
    while let Some(entry) = entries.next_entry().await? {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if [".db", ".db-wal", ".db-shm"].iter().any(|ending| name.ends_with(ending)) {
            names.push(name);
        }
    }
    Ok(names)
}

/// When this is done, the file is there, on the disk too.
async fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to).await?;
    fs::File::open(to).await?.sync_all().await
}

fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
