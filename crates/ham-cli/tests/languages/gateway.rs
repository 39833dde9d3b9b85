//! A gateway with a conductor of its own, and programs that ask it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Running into it means a hang.
const BOUND: Duration = Duration::from_secs(300);

const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe.happ");

pub(crate) async fn must<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(BOUND, what).await.expect("it hangs")
}

pub(crate) struct Gateway {
    _children: Vec<Child>,
    url: String,
    key: Option<String>,
    home: TempDir,
}

impl Gateway {
    /// One that anyone may ask.
    pub(crate) async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let arguments = ["gateway", "--dev", "--app", BUNDLE, "--listen", "127.0.0.1:0", "--json"];
        let (child, started) = started(&home, &arguments).await;
        Self { _children: vec![child], url: url(&started), key: None, home }
    }

    /// One with a key that allows calls, and not the feed.
    pub(crate) async fn for_calls_only() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (conductor, started_conductor) =
            started(&home, &["dev", "--app", BUNDLE, "--no-page", "--json"]).await;
        let made = ham(&home)
            .args(["gateway", "key", "new", "--name", "a page", "--scope", "calls", "--app-id", "probe"])
            .args(["--function", "probe/probe/*", "--json"])
            .output();
        let made: Value = serde_json::from_slice(&must(made).await.unwrap().stdout).unwrap();
        let keys = home.path().join("keys.toml");
        std::fs::write(&keys, made["stanza"].as_str().unwrap()).unwrap();
        std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
        let file = home.path().join("gateway.toml");
        let text = format!(
            "listen = \"127.0.0.1:0\"\nkeys = {keys:?}\nstate_dir = {:?}\n[conductor]\nadmin_url = \"ws://127.0.0.1:{}\"\n\
             [[app]]\nid = \"probe\"\n",
            home.path().join("state"),
            started_conductor["admin_port"]
        );
        std::fs::write(&file, text).unwrap();
        let (child, started) =
            started(&home, &["gateway", "--json", "--config", file.to_str().unwrap()]).await;
        let key = Some(made["key"].as_str().unwrap().to_owned());
        Self { _children: vec![conductor, child], url: url(&started), key, home }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// What a program prints that asks this gateway.
    pub(crate) async fn run(&self, command: &mut Command) -> String {
        let (ran, said) = self.ran(command).await;
        let complained = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{command:?} printed\n{said}{complained}");
        said
    }

    /// What a program prints that this gateway refuses something, which ends it as a failure.
    pub(crate) async fn refuses(&self, command: &mut Command) -> String {
        let (ran, said) = self.ran(command).await;
        let said = said + &String::from_utf8_lossy(&ran.stderr);
        assert!(!ran.status.success(), "{command:?} printed\n{said}");
        said
    }

    async fn ran(&self, command: &mut Command) -> (Output, String) {
        command.env("GATEWAY", &self.url).env_remove("GATEWAY_KEY").current_dir(self.home());
        command.envs(self.key.iter().map(|key| ("GATEWAY_KEY", key)));
        let ran = must(command.stdin(Stdio::null()).kill_on_drop(true).output()).await.unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        (ran, said)
    }

    /// The program of a page, in a file.
    pub(crate) fn program(&self, page: &str, word: &str, name: &str) -> String {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/languages").join(page);
        let text = std::fs::read_to_string(page).unwrap();
        let (_, program) = text.split_once(&format!("```{word}\n")).unwrap();
        let (program, _) = program.split_once("\n```").unwrap();
        let file = self.home().join(name);
        std::fs::write(&file, format!("{program}\n")).unwrap();
        file.display().to_string()
    }
}

fn ham(home: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ham"));
    command.env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// A command that runs on, and the object that it prints first.
async fn started(home: &TempDir, arguments: &[&str]) -> (Child, Value) {
    let mut child = ham(home).args(arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = must(lines.next_line()).await.unwrap().unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

fn url(started: &Value) -> String {
    started["url"].as_str().unwrap().to_owned()
}
