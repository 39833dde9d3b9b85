//! `ham new` and `ham build`, with what stands in for Rust in its place: what a compiler makes of the template is in `developing.rs`.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use crate::support::Ham;
use crate::two_zomes::{App, ended};

#[tokio::test]
async fn an_app_is_made_once_and_its_name_is_checked() {
    let ham = Ham::new();
    let directory = ham.home.path().join("apps/my-app").display().to_string();
    let made = ham.run(&["new", &directory, "--json"]).await.ok().json();
    assert_eq!(made, json!({ "made": directory, "app": "my-app", "zome": "my_app" }));
    let readme = fs::read_to_string(format!("{directory}/README.md")).unwrap();
    assert!(readme.starts_with("# my-app\n"));
    fs::write(format!("{directory}/README.md"), "mine").unwrap();
    ham.run(&["new", &directory]).await.failed(2, &["is there already", "nothing is overwritten"]);
    assert_eq!(fs::read_to_string(format!("{directory}/README.md")).unwrap(), "mine");
    for name in ["My", "2do", "fn", "..", "a b", "x/"] {
        let path = ham.home.path().join("names").join(name).display().to_string();
        let ran = ham.run(&["new", &path]).await;
        if name == "x/" {
            ran.ok();
        } else {
            ran.failed(2, &["an app cannot be called", "my-app"]);
        }
    }
}

#[tokio::test]
async fn an_app_is_built_by_the_recipe() {
    let app = App::new().await;
    let built = app.ham.run(&["build", &app.path()]).await.ok();
    assert!(built.text().contains("packed") && built.text().contains("dna/probe.dna"), "{built}");
    let hashed = app.ham.run(&["hash", &format!("{}/probe.happ", app.path()), "--json"]).await.ok();
    assert_eq!(hashed.json()["roles"][0]["role"], "probe");
    let recipe = fs::read_to_string(app.directory.join("target/recipe")).unwrap();
    for words in [
        "--cfg getrandom_backend=\"custom\" -Clink-arg=--allow-undefined",
        "=/cargo",
        "an app=/app",
        "build --release --target wasm32-unknown-unknown --target-dir target --package probe --package probe_integrity",
    ] {
        assert!(recipe.contains(words), "lacks {words}: {recipe}");
    }
    app.write("probe", "wrong");
    // All of what Cargo says, as it says it; its errors were cut after the first, and after forty lines.
    let said =
        "warning: of no account\n\nerror[E0425]: wrong\n --> zomes/probe/src/lib.rs:1:1\n\nerror: another\n";
    let ended = "error: the zomes were not compiled\nwhat to do: ";
    app.ham.run(&["build", &app.path()]).await.failed(1, &[&format!("{said}{ended}")]);
    let failed = app.ham.run(&["build", "--json", &app.path()]).await;
    let errors = "error[E0425]: wrong\n --> zomes/probe/src/lib.rs:1:1\nerror: another";
    assert_eq!(failed.json_lines()[0]["error"], format!("the zomes were not compiled: {errors}"));
    // What Cargo says of the workspace was thrown away.
    fs::write(app.directory.join("unreadable"), "").unwrap();
    let failed = app.ham.run(&["build", &app.path()]).await;
    failed.failed(
        1,
        &["Cargo cannot read the workspace", "failed to parse manifest", "Caused by:", "expected `=`"],
    );
    fs::remove_file(app.directory.join("unreadable")).unwrap();
    let App { ham, directory } = app;
    let path = directory.display().to_string();
    // Without Debian's linker, too.
    let rust = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/rust");
    let ran = ham.with("HAM_NO_TARGET", 1).with("PATH", rust).run(&["build", &path]).await;
    ran.failed(8, &["wasm32-unknown-unknown is missing", "rustup target add wasm32-unknown-unknown"]);
    Ham::new().run(&["build", "/nonexistent"]).await.failed(2, &["/nonexistent", "ham new"]);
    let ham = Ham::new();
    let empty = ham.home.path().display().to_string();
    ham.run(&["build", &empty]).await.failed(2, &["has no app to build", "ham new"]);
}

/// The compiler that Cargo had started ran on.
#[tokio::test]
async fn the_end_is_the_compiler_s_end() {
    for (signal, code) in [(Signal::INT, Some(130)), (Signal::TERM, Some(143)), (Signal::KILL, None)] {
        let app = App::new().await;
        app.write("probe", "endless");
        let mut running = app.ham.start(&["build", &app.path()]);
        running.said("building").await;
        let compiler = app.compiler().await;
        running.signal(signal);
        assert_eq!(running.ended().await, code);
        ended(&compiler);
    }
}
