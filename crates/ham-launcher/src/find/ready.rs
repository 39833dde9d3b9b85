//! A directory of ready binaries, which are unpacked into the cache instead of built there.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::cache::CacheDirectory;
use super::tool::Tool;
use super::version::Version;
use crate::error::InstallError;

/// Names the directory of ready binaries; empty means none. Default: `shared/conductors` beside the directory of the repository, if that exists.
pub const READY_VARIABLE: &str = "HAM_CONDUCTORS_DIR";

/// Unpacking that takes longer is abandoned. It takes two seconds.
const UNPACK_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The checksums of the unpacked files, as `sha256sum` writes them.
const SUMS: &str = "SHA256SUMS";

/// A directory with `holochain-<version>.xz` for some releases, and `SHA256SUMS` with the checksums of the unpacked files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyDirectory(PathBuf);

impl ReadyDirectory {
    /// This directory. If it does not exist, looking for a binary in it fails.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The directory that [`READY_VARIABLE`] names, else the one beside the repository; `None` if there is none.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        let beside =
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conductors").canonicalize().ok();
        match std::env::var_os(READY_VARIABLE) {
            Some(named) if named.is_empty() => None,
            Some(named) => Some(Self::at(named)),
            None => beside().map(Self),
        }
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The packed binary of this tool, if there is one.
    pub(crate) fn packed(&self, tool: Tool) -> Result<Option<Packed>, InstallError> {
        if !self.0.is_dir() {
            return Err(not_unpacked(&self.0)(io::Error::new(
                io::ErrorKind::NotFound,
                "there is no such directory",
            )));
        }
        let name = format!("{}-{}", tool.package(), tool.version());
        let file = self.0.join(format!("{name}.xz"));
        Ok(file.is_file().then(|| Packed { file, sums: self.0.join(SUMS), name }))
    }
}

/// A packed binary.
#[derive(Debug)]
pub(crate) struct Packed {
    file: PathBuf,
    sums: PathBuf,
    /// The name of the unpacked file in the checksums.
    name: String,
}

impl Packed {
    /// Unpacks it to its place in the cache, where it appears complete, with the right checksum, and executable. The caller holds the lock.
    pub(crate) async fn unpack(&self, tool: Tool, cache: &CacheDirectory) -> Result<(), InstallError> {
        let directory = cache.unpack_directory(tool);
        let (unpacked, binary) = (directory.join(tool.binary()), cache.binary(tool));
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| InstallError::Cache { path, source }
        };
        let bin = binary.parent().unwrap_or(cache.path());
        tokio::fs::create_dir_all(bin).await.map_err(unusable(bin))?;
        tokio::fs::create_dir_all(&directory).await.map_err(unusable(&directory))?;
        self.write(&unpacked).await.map_err(not_unpacked(&self.file))?;
        self.check(unpacked.clone()).await.map_err(not_unpacked(&self.file))?;
        Version::of(tool, &unpacked).await?;
        tokio::fs::rename(&unpacked, &binary).await.map_err(unusable(&binary))?;
        // Empty, and harmless if it stays.
        let _ = tokio::fs::remove_dir_all(&directory).await;
        Ok(())
    }

    /// A shell opens the file: if it were open for writing here, a process started at that moment would keep it busy, and it could not be run.
    async fn write(&self, unpacked: &Path) -> io::Result<()> {
        const SCRIPT: &str = r#"xz -dc -- "$1" > "$2" && chmod 755 "$2""#;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", SCRIPT, "sh"])
            .arg(&self.file)
            .arg(unpacked)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(UNPACK_TIMEOUT, shell.output()).await??;
        match output.status.code() {
            Some(0) => Ok(()),
            Some(127) => {
                Err(io::Error::new(io::ErrorKind::NotFound, "`xz` is missing; Debian has it in xz-utils"))
            }
            _ => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        }
    }

    async fn check(&self, unpacked: PathBuf) -> io::Result<()> {
        let sums = tokio::fs::read_to_string(&self.sums).await;
        let sums =
            sums.map_err(|error| io::Error::new(error.kind(), format!("{SUMS} cannot be read: {error}")))?;
        let invalid = |text: String| Err(io::Error::new(io::ErrorKind::InvalidData, text));
        let Some(wanted) = sum_of(&sums, &self.name) else {
            return invalid(format!("{SUMS} has no line for {}", self.name));
        };
        let found = tokio::task::spawn_blocking(move || digest(&unpacked)).await??;
        if found.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        invalid(format!("its sum is {found} and not that of {SUMS}, {wanted}"))
    }
}

fn not_unpacked(path: &Path) -> impl FnOnce(io::Error) -> InstallError {
    let path = path.to_owned();
    move |source| InstallError::NotUnpacked { path, source }
}

/// The checksum in a line like `<sum>  <name>`.
fn sum_of<'a>(sums: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = sums.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(_, file)| file.trim_start_matches([' ', '*']) == name).map(|(sum, _)| sum)
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_very_file_counts() {
        let sums = "aa  holochain-0.7.0\nbb *holochain-0.7.1\ncc  holochain-0.7.10\n\nstray\n";
        assert_eq!(sum_of(sums, "holochain-0.7.1"), Some("bb"));
        assert_eq!(sum_of(sums, "holochain-0.7.0"), Some("aa"));
        assert_eq!(sum_of(sums, "holochain-0.7"), None);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let missing = ReadyDirectory::at("/no/such/directory").packed(Tool::default()).unwrap_err();
        assert!(matches!(missing, InstallError::NotUnpacked { .. }), "{missing}");
    }
}
