//! Runs the built binary, bounded, in an environment of its own.

mod running;

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use ham_launcher::probe_bundle_path;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

pub(crate) use running::Running;

/// Running into it means that a command hangs. Generous: a conductor on a loaded machine compiles its zomes first.
pub(crate) const BOUND: Duration = Duration::from_secs(120);

/// The bundle of the probe, as an argument.
pub(crate) fn probe() -> String {
    probe_bundle_path().display().to_string()
}

/// A home directory and variables of its own.
#[derive(Debug)]
pub(crate) struct Ham {
    pub(crate) home: TempDir,
    variables: Vec<(String, String)>,
    bound: Duration,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ham {
    pub(crate) fn new() -> Self {
        Self::bounded(BOUND)
    }

    /// The same for commands that may take so long.
    pub(crate) fn bounded(bound: Duration) -> Self {
        Self { home: tempfile::tempdir().unwrap(), variables: Vec::new(), bound }
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.push((name.to_owned(), value.to_string()));
        self
    }

    /// Writes a file into the home directory and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub(crate) fn credentials(&self) -> std::path::PathBuf {
        self.home.path().join(".local/state/ham/credentials")
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        self.prepared(Command::new(env!("CARGO_BIN_EXE_ham")), arguments)
    }

    fn prepared<S: AsRef<OsStr>>(&self, mut command: Command, arguments: &[S]) -> Command {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            // These say where the conductor is.
            const KEPT: [&str; 3] = ["HAM_CACHE_DIR", "HAM_CONDUCTORS_DIR", "HAM_HOLOCHAIN_BIN"];
            if (name.starts_with("HAM_") && !KEPT.contains(&&*name))
                || name.starts_with("XDG_")
                || name == "RUST_LOG"
            {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("HOME", self.home.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        self.run_with(arguments, b"").await
    }

    /// The same with standard input.
    pub(crate) async fn run_with<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads no input may close it first.
        let _ = stdin.write_all(input).await;
        drop(stdin);
        let output = tokio::time::timeout(self.bound, child.wait_with_output())
            .await
            .expect("the command hangs")
            .unwrap();
        Ran {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts a command.
    pub(crate) fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Running {
        Running::of(self.command(arguments), self.bound)
    }

    /// Starts a command whose standard input says nothing, and does not end before the command is waited for.
    pub(crate) fn start_with_silence<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Running {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        Running::of(command, self.bound)
    }

    /// Starts a command as `nohup` does.
    pub(crate) fn start_ignoring_hangups<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Running {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"trap "" HUP; exec "$0" "$@""#, env!("CARGO_BIN_EXE_ham")]);
        Running::of(self.prepared(shell, arguments), self.bound)
    }
}

impl Ran {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Everything that was printed.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.stdout), self.stderr)
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// It failed with this code, and its error has these words.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self}");
        for word in words {
            assert!(self.stderr.contains(word), "lacks {word:?}: {self}");
        }
    }

    /// The lines on standard error, each of which is JSON.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stderr.lines().map(read).collect()
    }

    /// The one line of JSON on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "code {:?}\nstdout: {}\nstderr: {}",
            self.code,
            String::from_utf8_lossy(&self.stdout),
            self.stderr
        )
    }
}

/// The signals that end a command, with its code then. Where the terminal's end is ignored (`nohup`), commands ignore it too.
pub(crate) fn endings() -> impl Iterator<Item = (Signal, i32)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim().to_owned();
    let hangup_ignored = u64::from_str_radix(&ignored, 16).unwrap() & 1 != 0;
    let all = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];
    all.into_iter().filter(move |(signal, _)| !hangup_ignored || *signal != Signal::HUP)
}

/// Every way in which bytes could show up in a text.
pub(crate) fn renderings(secret: &[u8]) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let decimal = secret.iter().map(u8::to_string).collect::<Vec<_>>();
    let mut all = vec![
        secret.iter().map(|byte| format!("{byte:02x}")).collect(),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        decimal.join(", "),
        decimal.join(","),
    ];
    all.extend(std::str::from_utf8(secret).ok().map(str::to_owned));
    all
}

/// None of the secrets is in the text.
#[track_caller]
pub(crate) fn no_secret(text: &str, secret: &[u8]) {
    for rendering in renderings(secret) {
        assert!(!text.contains(&rendering), "a secret was printed");
    }
}
