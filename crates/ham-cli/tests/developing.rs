//! A developer's day: from an empty folder to an app that runs, is changed, and is seen to be another. With a real compiler, so it takes
//! minutes the first time; what it compiled is kept.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

#[path = "../../ham-devconductor/tests/support/npm.rs"]
mod npm;
#[expect(dead_code, reason = "`cli` uses all of it, this a part")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::Ham;
use tokio::process::Command;

/// A first build compiles the HDK and perhaps the standard library, on whatever machine this is.
const BUILDS: Duration = Duration::from_secs(1800);

/// A home in which Rust is where it is.
fn home() -> Ham {
    let own = |variable: &str, name: &str| {
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(name));
        std::env::var_os(variable).map(PathBuf::from).or_else(home).unwrap().display().to_string()
    };
    let ham = Ham::bounded(BUILDS);
    ham.with("CARGO_HOME", own("CARGO_HOME", ".cargo")).with("RUSTUP_HOME", own("RUSTUP_HOME", ".rustup"))
}

/// The directory of the app, made anew but for what was compiled.
async fn made(ham: &Ham) -> PathBuf {
    let [directory, kept] =
        ["notes", "notes-target"].map(|name| Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
    let _ = fs::rename(directory.join("target"), &kept);
    let _ = fs::remove_dir_all(&directory);
    ham.run(&["new", &directory.display().to_string()]).await.ok();
    let _ = fs::rename(&kept, directory.join("target"));
    directory
}

/// Puts the client of Holochain beside the page of the app, as its README says: no test needs the network. `false`, with a message,
/// where there is no Node.js.
async fn with_client(ui: &Path) -> bool {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ham-devconductor/tests/npm");
    let Some(packages) = npm::environment("holochain-client", &packages).await else { return false };
    let (bundler, client) = ("node_modules/.bin/esbuild", "node_modules/@holochain/client/lib/index.js");
    let mut command = Command::new(packages.join(bundler));
    command.current_dir(&packages).args([
        client,
        "--bundle",
        "--format=esm",
        "--external:buffer",
        "--log-level=error",
    ]);
    npm::run(command.arg(format!("--outfile={}", ui.join("client.js").display())), BUILDS).await;
    change(&ui.join("index.html"), "https://esm.sh/@holochain/client@0.21.0", "./client.js");
    true
}

/// Both pages in a browser: the app's writes, that of `ham dev` draws.
async fn seen_in_a_browser(app: &str, dev: &str) {
    let browsers = std::env::var("HAM_CHROMIUM").into_iter().chain(["chromium".to_owned()]);
    let is_there = |program: &String| {
        std::process::Command::new(program).arg("--version").output().is_ok_and(|ran| ran.status.success())
    };
    let Some(browser) = browsers.into_iter().find(is_there) else {
        return println!("SKIPPED: there is no Chromium on this machine");
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/made.mjs");
    let mut command = Command::new("node");
    command.arg(script).args([&browser, app, dev, "from a page"]);
    command.args(std::env::var("HAM_TEST_SHOTS").ok());
    let steps = npm::run(&mut command, BUILDS).await;
    assert_eq!(steps.lines().last(), Some("the chain is drawn with it"), "{steps}");
}

fn change(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{}", file.display());
    fs::write(file, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn an_app_is_made_built_tested_run_and_changed() {
    let ham = home();
    let directory = made(&ham).await;
    let path = directory.display().to_string();
    ham.run(&["build", &path]).await.ok();
    let [bundle, zome] = ["notes.happ", "zomes/notes/src/lib.rs"].map(|name| directory.join(name));
    let hash = ["hash", &bundle.display().to_string(), "--json"].map(str::to_owned);
    let first = ham.run(&hash).await.ok().json();
    for file in [&bundle, &directory.join("target/wasm32-unknown-unknown/release/notes.wasm")] {
        let bytes = fs::read(file).unwrap();
        let home = std::env::var("HOME").unwrap();
        assert!(
            !bytes.windows(home.len()).any(|bytes| bytes == home.as_bytes()),
            "a path of this machine is in it"
        );
    }

    // Its own tests.
    let mut cargo = Command::new("cargo");
    cargo.arg("test").current_dir(&directory).env("HAM", env!("CARGO_BIN_EXE_ham"));
    // Where this is built, nothing of it is to be found.
    let tested = cargo.env_remove("CARGO_TARGET_DIR").kill_on_drop(true).output();
    let tested = tokio::time::timeout(BUILDS, tested).await.unwrap().unwrap();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));

    let ui = directory.join("ui");
    let has_client = with_client(&ui).await;
    let ui = ui.display().to_string();
    let mut running = ham.start(&["dev", "--json", "--reinstall", "--watch", &path, "--ui", &ui]);
    let started: Value =
        serde_json::from_str(&running.line(|line| line.contains("admin_port")).await).unwrap();
    running.said("watching").await;
    let call =
        async |function: &str, payload: &str| ham.run(&["call", "notes", function, payload, "--json"]).await;
    call("create_note", r#"{"text": "hello"}"#).await.ok();
    call("count_notes", "null").await.failed(1, &["count_notes"]);

    // A new function is there for the next call, and the chain is the same.
    fs::write(
        &zome,
        fs::read_to_string(&zome).unwrap()
            + "\n#[hdk_extern]\npub fn count_notes() -> ExternResult<usize> {\n    Ok(list_notes(())?.len())\n}\n",
    )
    .unwrap();
    let reloaded: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    assert_eq!((&reloaded["reloaded"], &reloaded["cells"]), (&json!("notes"), &json!(["notes"])));
    assert_eq!(call("count_notes", "null").await.ok().json(), 1);

    // A mistake is told, and changes nothing.
    change(&zome, "list_notes(())?.len()", "list_notes(()).len()");
    let told = running.said("not compiled").await;
    assert!(told.contains("error[E0599]") && told.contains("zomes/notes/src/lib.rs"), "{told}");
    assert_eq!(call("count_notes", "null").await.ok().json(), 1);
    change(&zome, "list_notes(()).len()", "list_notes(())?.len() + 40");
    running.line(|line| line.contains("reloaded")).await;
    assert_eq!(call("count_notes", "null").await.ok().json(), 41);
    if has_client {
        seen_in_a_browser(started["ui"][0]["url"].as_str().unwrap(), started["page"].as_str().unwrap()).await;
    }

    // Another rule is another DNA.
    change(
        &directory.join("zomes/notes_integrity/src/lib.rs"),
        "LONGEST: usize = 1000",
        "LONGEST: usize = 5",
    );
    running.line(|line| line.contains("reinstalled")).await;
    assert_eq!(call("count_notes", "null").await.ok().json(), 40);
    call("create_note", r#"{"text": "hello!"}"#).await.failed(1, &["more than 5 bytes"]);
    assert_ne!(ham.run(&hash).await.ok().json(), first);
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}
