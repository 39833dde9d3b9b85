//! Finds a tool's binary, or has it built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::cache::{CACHE_VARIABLE, CacheDirectory};
use super::cargo::{self, Progress};
use super::error::InstallError;
use super::tool::Tool;
use super::version::Version;

/// A tool's binary, of the right version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Install {
    /// The tool.
    pub tool: Tool,
    /// The binary.
    pub binary: PathBuf,
    /// Where it was found.
    pub source: InstallSource,
}

/// Where a binary was found, in the order looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallSource {
    /// [`Tool::variable`] names it.
    Named,
    /// On `PATH`.
    Path,
    /// In the project's cache, built there earlier.
    Cached,
    /// In the project's cache, built just now.
    Built,
    /// The embedded conductor of a `ham` binary: `ham dev`.
    Embedded,
}

impl Install {
    /// Finds the conductor's binary, or builds it into the cache: 15 to 60 minutes, once a machine. For another tool:
    /// [`ensure_tool`](Self::ensure_tool).
    ///
    /// A line on standard error tells what a long build is doing; use [`ensure_with`](Self::ensure_with) to show it
    /// otherwise.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one goes on from the crates it had finished.
    pub async fn ensure() -> Result<Self, InstallError> {
        Self::ensure_tool(Tool::Conductor).await
    }

    /// [`ensure`](Self::ensure) for any tool; the relay takes 2 to 10 minutes.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one goes on from the crates it had finished.
    pub async fn ensure_tool(tool: Tool) -> Result<Self, InstallError> {
        Lookup::of(tool).ensure(print_progress).await
    }

    /// [`ensure`](Self::ensure), showing progress in one's own way.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one goes on from the crates it had finished.
    pub async fn ensure_with(progress: impl FnMut(Progress) + Send) -> Result<Self, InstallError> {
        Lookup::of(Tool::Conductor).ensure(progress).await
    }

    /// The embedded conductor that this `ham` binary has: nothing is looked for or built.
    #[must_use]
    pub fn embedded(ham: impl Into<PathBuf>) -> Self {
        Self { tool: Tool::Conductor, binary: ham.into(), source: InstallSource::Embedded }
    }

    /// What the tests of a crate run on: the embedded conductor where the crate's name begins with `embedded`, the real one
    /// otherwise. So one source is two tests, `env!("CARGO_CRATE_NAME")` telling which.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// As [`ensure`](Self::ensure).
    pub async fn of_test(crate_name: &str) -> Result<Self, InstallError> {
        if crate_name.starts_with("embedded") { Self::embedded_of_this_build() } else { Self::ensure().await }
    }

    /// The embedded conductor of the `ham` binary that was built with the test that runs: `cargo test --workspace` builds
    /// both, and `cargo build -p ham-cli` the one.
    ///
    /// # Errors
    /// [`InstallError::NotRunnable`]: it has not been built.
    pub fn embedded_of_this_build() -> Result<Self, InstallError> {
        let missing = |path: PathBuf| {
            let text = "build it with `cargo build -p ham-cli`";
            InstallError::NotRunnable {
                path,
                source: std::io::Error::new(std::io::ErrorKind::NotFound, text),
            }
        };
        let test = std::env::current_exe().map_err(|_| missing("ham".into()))?;
        // Tests lie in `deps`, programs beside it.
        let binary =
            test.ancestors().skip(1).take(2).map(|directory| directory.join("ham")).find(|ham| ham.is_file());
        binary.map(Self::embedded).ok_or_else(|| missing(test.with_file_name("ham")))
    }

    /// Finds the conductor's binary without building; `None` when a build would be needed.
    ///
    /// # Errors
    /// [`InstallError::WrongVersion`] and [`InstallError::NotRunnable`] for a binary named by
    /// [`Tool::variable`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn find() -> Result<Option<Self>, InstallError> {
        Lookup::of(Tool::Conductor).find().await
    }
}

/// What to look for, and where. [`Lookup::of`] is what everybody uses; the fields are there for tests and tools.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Lookup {
    /// The tool to find.
    pub tool: Tool,
    /// The binary to use, whatever else there is.
    pub named: Option<PathBuf>,
    /// Directories to search, in the form of `PATH`.
    pub path: Option<OsString>,
    /// The cache to look in and to build into.
    pub cache: Option<CacheDirectory>,
    /// The cargo to build with: the one that runs this process (`CARGO`), else `cargo` on `PATH`.
    pub cargo: Option<OsString>,
}

impl Lookup {
    /// The tool, where the environment says.
    #[must_use]
    pub fn of(tool: Tool) -> Self {
        let named = std::env::var_os(tool.variable()).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            tool,
            named,
            path: std::env::var_os("PATH"),
            cache: CacheDirectory::from_env(),
            cargo: std::env::var_os("CARGO"),
        }
    }

    /// As [`Install::find`].
    ///
    /// # Errors
    /// As [`Install::find`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn find(&self) -> Result<Option<Install>, InstallError> {
        if let Some(binary) = &self.named {
            // Named on purpose: using another one instead would hide the mistake.
            return self.checked(binary, InstallSource::Named).await.map(Some);
        }
        for directory in self.path.iter().flat_map(std::env::split_paths) {
            let binary = directory.join(self.tool.binary());
            // One of another version on `PATH` is somebody else's.
            if let Ok(install) = self.checked(&binary, InstallSource::Path).await {
                return Ok(Some(install));
            }
        }
        let Some(cache) = &self.cache else { return Ok(None) };
        Ok(self.checked(&cache.binary(self.tool), InstallSource::Cached).await.ok())
    }

    /// As [`Install::ensure_with`].
    ///
    /// # Errors
    /// As [`Install::ensure_with`].
    ///
    /// # Cancel safety
    /// As [`Install::ensure_with`].
    pub async fn ensure(&self, mut progress: impl FnMut(Progress) + Send) -> Result<Install, InstallError> {
        if let Some(install) = self.find().await? {
            return Ok(install);
        }
        let cache = self.cache.as_ref().ok_or(InstallError::NoCache { variable: CACHE_VARIABLE })?;
        let _lock = cargo::lock(self.tool, cache, &mut progress).await?;
        // Another process may have built it while this one waited for the lock.
        if let Ok(install) = self.checked(&cache.binary(self.tool), InstallSource::Cached).await {
            return Ok(install);
        }
        let program = self.cargo.as_deref().unwrap_or("cargo".as_ref());
        cargo::build(self.tool, program, cache, &mut progress).await?;
        self.checked(&cache.binary(self.tool), InstallSource::Built).await
    }

    async fn checked(&self, binary: &Path, source: InstallSource) -> Result<Install, InstallError> {
        let tool = self.tool;
        let version = Version::of(tool, binary).await?;
        if version.is_wanted(tool) {
            Ok(Install { tool, binary: binary.to_owned(), source })
        } else {
            Err(InstallError::WrongVersion { tool, path: binary.to_owned(), found: version.to_string() })
        }
    }
}

fn print_progress(progress: Progress) {
    if progress.is_worth_a_line() {
        eprintln!("{progress}");
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// An executable script. Another process writes it: were it open for writing here, a test that forks at that moment
    /// would make it busy.
    fn script(path: &Path, text: &str) {
        let mut writer = Command::new("/bin/sh")
            .args(["-c", r#"mkdir -p "$(dirname "$1")" && cat > "$1" && chmod 755 "$1""#, "sh"])
            .arg(path)
            .stdin(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let mut stdin = writer.stdin.take().expect("it was piped");
        stdin.write_all(text.as_bytes()).expect("the shell reads it");
        drop(stdin);
        assert!(writer.wait().expect("the shell ends").success());
    }

    /// A stand-in that answers `--version` as told.
    fn binary(directory: &Path, version: &str) -> PathBuf {
        let path = directory.join("holochain");
        script(&path, &format!("#!/bin/sh\necho holochain {version}\n"));
        path
    }

    #[tokio::test]
    async fn a_named_binary_is_used_or_refused_but_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let right = binary(&directory.path().join("right"), "0.7.1");
        let wrong = binary(&directory.path().join("wrong"), "0.6.3");
        let path = Some(directory.path().join("right").into_os_string());
        let find = |named| Lookup { named: Some(named), path: path.clone(), ..Lookup::default() };

        let found = find(right.clone()).find().await.unwrap().unwrap();
        assert_eq!(found, Install { tool: Tool::Conductor, binary: right, source: InstallSource::Named });
        let refused = find(wrong).find().await.unwrap_err();
        assert!(
            matches!(&refused, InstallError::WrongVersion { found, .. } if found == "0.6.3"),
            "{refused}"
        );
        let missing = find(directory.path().join("none")).find().await.unwrap_err();
        assert!(matches!(missing, InstallError::NotRunnable { .. }), "{missing}");
    }

    #[tokio::test]
    async fn other_versions_on_the_path_are_passed_over_and_the_cache_comes_last() {
        let directory = tempfile::tempdir().unwrap();
        let wrong = binary(&directory.path().join("wrong"), "0.7.0");
        let cache = CacheDirectory::at(directory.path());
        let path = wrong.parent().map(|parent| parent.as_os_str().to_owned());
        let lookup = Lookup { path, cache: Some(cache.clone()), ..Lookup::default() };
        assert_eq!(lookup.find().await.unwrap(), None);

        let cached = binary(cache.binary(Tool::Conductor).parent().unwrap(), "0.7.1");
        let found = lookup.ensure(|_| panic!("nothing is to be built")).await.unwrap();
        assert_eq!(found, Install { tool: Tool::Conductor, binary: cached, source: InstallSource::Cached });
    }

    /// A lookup that finds nothing and builds with this stand-in for cargo.
    fn building(directory: &Path, cargo: &str) -> Lookup {
        let program = directory.join("cargo");
        script(&program, cargo);
        let cache = Some(CacheDirectory::at(directory.join("cache")));
        Lookup { cache, cargo: Some(program.into_os_string()), ..Lookup::default() }
    }

    #[tokio::test]
    async fn what_is_missing_is_built_into_the_cache_with_progress() {
        let directory = tempfile::tempdir().unwrap();
        let lookup = building(
            directory.path(),
            r#"#!/bin/sh
mkdir -p "$CARGO_TARGET_DIR" bin
echo "   Compiling serde v1.0.228" >&2
printf '#!/bin/sh\necho holochain 0.7.1\n' > bin/holochain
chmod 755 bin/holochain
echo "$@" > arguments
"#,
        );
        let cache = lookup.cache.clone().unwrap();
        let mut seen = Vec::new();
        let built = lookup.ensure(|progress| seen.push(progress)).await.unwrap();
        assert_eq!(
            built,
            Install {
                tool: Tool::Conductor,
                binary: cache.binary(Tool::Conductor),
                source: InstallSource::Built
            }
        );
        assert!(matches!(
            &seen[..],
            [Progress::Started { .. }, Progress::Compiling { name, crates: 1, .. }, Progress::Finished { .. }]
                if name == "serde"
        ));
        assert!(!cache.build_directory(Tool::Conductor).exists(), "the intermediate files are gone");
        let arguments = std::fs::read_to_string(cache.root(Tool::Conductor).join("arguments")).unwrap();
        assert!(
            arguments.starts_with("install holochain --version =0.7.1 --locked --bin holochain"),
            "{arguments}"
        );
        assert_eq!(lookup.ensure(|_| panic!("once")).await.unwrap().source, InstallSource::Cached);
    }

    #[tokio::test]
    async fn a_build_that_fails_or_cannot_begin_says_why() {
        let directory = tempfile::tempdir().unwrap();
        let failing = building(directory.path(), "#!/bin/sh\necho 'error: no disk left' >&2\nexit 101\n");
        let failed = failing.ensure(|_| {}).await.unwrap_err();
        let text = failed.to_string();
        assert!(matches!(failed, InstallError::BuildFailed { .. }), "{text}");
        assert!(text.ends_with("error: no disk left"), "{text}");

        let cargo = Some(directory.path().join("no-cargo").into_os_string());
        let missing = Lookup { cargo, ..failing }.ensure(|_| {}).await.unwrap_err();
        assert!(matches!(missing, InstallError::CargoMissing { .. }), "{missing}");
        let nowhere = Lookup::default().ensure(|_| {}).await.unwrap_err();
        assert!(matches!(nowhere, InstallError::NoCache { .. }), "{nowhere}");
    }
}
