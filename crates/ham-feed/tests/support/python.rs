//! Python environments with packages of the registry, made once and kept in the cache.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Mutex;

/// Installing may download a lot; reaching it means a hang.
const SETUP_BOUND: Duration = Duration::from_secs(600);

/// The Python of an environment with these packages; `None`, with a message, only where there is no Python 3.
pub(crate) async fn environment(name: &str, packages: &[&str]) -> Option<PathBuf> {
    static TURN: Mutex<()> = Mutex::const_new(());
    let _turn = TURN.lock().await;
    let ready = cache().join(name);
    let python = |directory: &Path| directory.join("bin/python");
    if python(&ready).exists() {
        return Some(python(&ready));
    }
    let version = Command::new("python3").arg("--version").stdout(Stdio::null()).status().await;
    if !version.is_ok_and(|status| status.success()) {
        println!("SKIPPED: there is no python3 on this machine");
        return None;
    }
    // Made beside it and then renamed: another process may be making it as well, and a broken-off one leaves nothing.
    let making = tempfile::tempdir_in(cache()).unwrap();
    run(Command::new("python3").args(["-m", "venv"]).arg(making.path())).await;
    run(Command::new(python(making.path())).args(["-m", "pip", "install", "--quiet"]).args(packages)).await;
    if std::fs::rename(making.path(), &ready).is_ok() {
        let _gone = making.keep();
    }
    assert!(python(&ready).exists(), "{} could not be made", ready.display());
    Some(python(&ready))
}

fn cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = || set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    let cache = set("HAM_CACHE_DIR").or_else(|| base().map(|base| base.join("ham"))).unwrap().join("python");
    std::fs::create_dir_all(&cache).unwrap();
    cache
}

async fn run(command: &mut Command) {
    let ran = tokio::time::timeout(SETUP_BOUND, command.kill_on_drop(true).output()).await;
    let ran = ran.expect("the set-up hangs").unwrap();
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A program of a test: killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line it prints that has these words.
    pub(crate) async fn line(&mut self, words: &str) -> String {
        loop {
            match super::must(self.lines.next_line()).await.unwrap() {
                Some(line) if line.contains(words) => return line,
                Some(_) => {}
                None => panic!("it ended without {words:?}: {}", self.complaint().await),
            }
        }
    }

    /// What it wrote to standard error, once it has ended.
    async fn complaint(&mut self) -> String {
        let mut text = String::new();
        if let Some(stderr) = self.child.stderr.as_mut() {
            let _ = super::must(stderr.read_to_string(&mut text)).await;
        }
        text
    }

    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
