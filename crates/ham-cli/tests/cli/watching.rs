//! `ham dev --watch`, with what stands in for Rust in its place.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Ham, Running};
use crate::two_zomes::{App, ended};

/// What the page of a conductor is told of it.
async fn state(started: &Value) -> Value {
    let host = started["page"].as_str().unwrap().strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /api/dev/v1/state HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

async fn next(running: &mut Running) -> Value {
    serde_json::from_str(&running.line(|_| true).await).unwrap()
}

#[tokio::test]
async fn a_change_is_run_at_once_and_one_that_does_not_compile_changes_nothing() {
    let app = App::new().await;
    let (mut running, started) = app.watch(&[]).await;
    assert_eq!(app.call().await, r#""x""#);
    app.write("probe", "next");
    let told = next(&mut running).await;
    assert_eq!((&told["reloaded"], &told["cells"]), (&json!("probe"), &json!(["probe"])));
    assert_eq!(app.call().await, r#""x""#);
    app.write("probe", "wrong");
    let told: Value = serde_json::from_str(&running.said("not compiled").await).unwrap();
    assert!(told["error"].as_str().unwrap().contains("error[E0425]: wrong"), "{told}");
    assert!(told["advice"].as_str().unwrap().contains("keeps running as it was"), "{told}");
    let watch = &state(&started).await["watch"];
    assert_eq!((&watch["state"], &watch["dir"]), (&json!("failed"), &json!(app.path())));
    assert!(watch["error"].as_str().unwrap().contains("error[E0425]: wrong"), "{watch}");
    assert_eq!(app.call().await, r#""x""#);

    // Another DNA.
    app.write("probe", "next");
    app.write("probe_integrity", "next");
    let told: Value = serde_json::from_str(&running.said("integrity").await).unwrap();
    assert!(told["advice"].as_str().unwrap().contains("--reinstall"), "{told}");
    // Case: it was "Build failed", though it had built.
    let watch = &state(&started).await["watch"];
    assert_eq!(watch["state"], "not_run", "{watch}");
    assert!(watch["error"].as_str().unwrap().contains("integrity zomes for the role `probe`"), "{watch}");
    assert!(watch["advice"].as_str().unwrap().contains("--reinstall"), "{watch}");
    assert_eq!(app.call().await, r#""x""#);
    app.write("probe_integrity", "made");
    app.write("probe", "last");
    assert_eq!(next(&mut running).await["reloaded"], "probe");
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(143));
}

/// What was compiled was found out once, at the start.
#[tokio::test]
async fn a_zome_that_comes_while_it_is_watched_is_compiled_and_watched() {
    let app = App::new().await;
    let (mut running, _) = app.watch(&[]).await;
    let zomes = app.directory.join("zomes");
    fs::create_dir_all(zomes.join("more/src")).unwrap();
    app.write("more", "made");
    fs::copy(zomes.join("probe/base.wasm"), zomes.join("more/base.wasm")).unwrap();
    let dna = app.directory.join("dna/dna.yaml");
    let manifest = fs::read_to_string(&dna).unwrap();
    let more = "coordinator: {zomes: [{name: more, path: ../target/wasm32-unknown-unknown/release/more.wasm, \
                dependencies: [{name: probe_integrity}]}, ";
    fs::write(&dna, manifest.replace("coordinator: {zomes: [", more)).unwrap();
    assert_eq!(next(&mut running).await["reloaded"], "probe");
    app.ham.run(&["call", "probe", "more", "echo_text", r#""x""#]).await.ok();
    app.write("more", "next");
    assert_eq!(next(&mut running).await["reloaded"], "probe");
    // It came before another, and for ever the bundle was taken for other code.
    let bundle = format!("{}/probe.happ", app.path());
    let update = async || app.ham.run(&["app", "update", &bundle, "--json"]).await.ok();
    assert_eq!(update().await.json()["cells"], json!([]));
    // It went, and could still be called.
    fs::write(&dna, manifest).unwrap();
    assert_eq!(next(&mut running).await["cells"], json!(["probe"]));
    let call = app.ham.run(&["call", "probe", "more", "echo_text", r#""x""#]).await;
    call.failed(1, &["more"]);
    assert_eq!(app.call().await, r#""x""#);
    assert!(!update().await.stderr.contains("warning"));
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

/// Case: each build was the reason for the next one.
#[tokio::test]
async fn a_build_that_writes_beside_its_manifest_ends() {
    let app = App::new().await;
    fs::write(app.directory.join("writes"), "").unwrap();
    let mut running = app.ham.start(&["dev", "--json", "--watch", &app.path()]);
    let told = running.said("change in every build").await;
    assert!(told.contains("built.txt"), "{told}");
    running.line(|line| line.contains("admin_port")).await;
    running.said("watching").await;
    let builds = || fs::read_to_string(app.directory.join("target/recipe")).unwrap().lines().count();
    let first = builds();
    for (nth, source) in ["next", "last"].into_iter().enumerate() {
        app.write("probe", source);
        assert_eq!(next(&mut running).await["reloaded"], "probe");
        assert_eq!(builds(), first + nth + 1);
    }
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

/// Case: watches go with their directories, and nothing was built any more.
#[tokio::test]
async fn directories_that_go_and_come_again_are_watched() {
    let app = App::new().await;
    let (mut running, _) = app.watch(&[]).await;
    let sources = app.directory.join("zomes/probe/src");
    for source in ["next", "last"] {
        fs::remove_dir_all(&sources).unwrap();
        fs::create_dir(&sources).unwrap();
        app.write("probe", source);
        assert_eq!(next(&mut running).await["reloaded"], "probe");
    }
    let away = app.ham.home.path().join("away");
    fs::rename(&app.directory, &away).unwrap();
    running.said("cannot read").await;
    fs::rename(&away, &app.directory).unwrap();
    app.write("probe", "here");
    assert_eq!(next(&mut running).await["reloaded"], "probe");
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

/// Case: it was built when the build that hung had ended, which was never.
#[tokio::test]
async fn a_save_ends_a_build_that_hangs() {
    for writes in [false, true] {
        let app = App::new().await;
        if writes {
            fs::write(app.directory.join("writes"), "").unwrap();
        }
        let (mut running, _) = app.watch(&[]).await;
        app.write("probe", "endless");
        running.said("building the app").await;
        let compiler = app.compiler().await;
        app.write("probe", "next");
        running.said("starts over").await;
        assert_eq!(next(&mut running).await["reloaded"], "probe");
        ended(&compiler);
        running.signal(Signal::INT);
        assert_eq!(running.ended().await, Some(130));
    }
}

#[tokio::test]
async fn another_dna_is_installed_anew_where_that_is_asked_for() {
    let app = App::new().await;
    let (mut running, _) = app.watch(&["--reinstall"]).await;
    let item = r#"{"call_id": "1", "body": "b"}"#;
    app.ham.run(&["call", "probe", "create_item", item]).await.ok();
    let agent = app.ham.run(&["info", "--json"]).await.ok().json();
    app.write("probe_integrity", "next");
    assert_eq!(next(&mut running).await["reinstalled"], "probe");
    let now = app.ham.run(&["info", "--json"]).await.ok().json();
    assert_eq!(now["agent"], agent["agent"]);
    assert_ne!(now["cells"][0]["dna"], agent["cells"][0]["dna"]);
    assert_eq!(app.ham.run(&["call", "probe", "count_items"]).await.ok().text(), "0\n");
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

#[tokio::test]
async fn what_does_not_go_with_watching_is_refused() {
    let ham = Ham::new();
    ham.run(&["dev", "--watch", ".", "--app", "x.happ"]).await.failed(2, &["--watch", "--app"]);
    ham.run(&["dev", "--reinstall"]).await.failed(2, &["--watch"]);
    let app = App::new().await;
    app.write("probe", "wrong");
    app.ham.run(&["dev", "--watch", &app.path()]).await.failed(1, &["error[E0425]: wrong"]);
    fs::write(ham.home.path().join("index.html"), "").unwrap();
    let ui = ham.home.path().display().to_string();
    ham.run(&["dev", "--ui", &ui]).await.failed(2, &["--ui serves an app's page", "--app FILE.happ"]);
}
