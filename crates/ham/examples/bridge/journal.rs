//! The calls that may have been sent and are not settled, on disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ham::SignedCall;

/// A file for each deposit, by its name.
pub(crate) struct Journal(PathBuf);

impl Journal {
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let files = directory.join("journal");
        fs::create_dir_all(&files)?;
        Ok(Self(files))
    }

    pub(crate) fn deposits(&self) -> io::Result<Vec<String>> {
        fs::read_dir(&self.0)?.map(|file| Ok(file?.file_name().to_string_lossy().into_owned())).collect()
    }

    pub(crate) fn read(&self, deposit: &str) -> anyhow::Result<Option<SignedCall>> {
        match fs::read(self.file(deposit)?) {
            Ok(call) => Ok(Some(serde_json::from_slice(&call)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces the file as a whole and returns when the disk has it. A call holds a secret, so the file's mode is 0600.
    pub(crate) fn write(&self, deposit: &str, call: &SignedCall) -> anyhow::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.0.parent().unwrap_or(&self.0))?;
        file.write_all(&serde_json::to_vec(call)?)?;
        file.as_file().sync_all()?;
        file.persist(self.file(deposit)?)?;
        // The rename itself must survive a power cut.
        if cfg!(unix) {
            File::open(&self.0)?.sync_all()?;
        }
        Ok(())
    }

    pub(crate) fn remove(&self, deposit: &str) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.file(deposit)?)?)
    }

    /// What comes from outside must not name a file elsewhere.
    fn file(&self, deposit: &str) -> anyhow::Result<PathBuf> {
        let plain = !deposit.is_empty() && deposit.chars().all(|c| c.is_ascii_alphanumeric());
        anyhow::ensure!(plain, "`{deposit}` is not the name of a deposit");
        Ok(self.0.join(deposit))
    }
}
