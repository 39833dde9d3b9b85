//! The verbs with which a conductor is administered and looked into. Built twice: as `verbs` on the real conductor and as
//! `embedded_verbs`.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

#[expect(dead_code, reason = "`cli` uses all of it, this a part")]
mod support;

use std::fs;

use ham_launcher::{Conductor, Install};
use holochain_types::websocket::AllowedOrigins;
use serde_json::{Value, json};
use support::{BOUND, Ham, probe};

/// A conductor without apps, and the command set up for it.
async fn conductor() -> (Conductor, Ham) {
    let install = Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap();
    let conductor = Conductor::builder().with_install(install).start().await.unwrap();
    let ham = Ham::new().with("HAM_ADMIN_PORT", conductor.admin_port());
    (conductor, ham)
}

/// Runs a test that has a conductor of its own.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(BOUND * 4, test).await.expect("the test hangs") });
}

async fn json(ham: &Ham, words: &[&str]) -> Value {
    let words: Vec<_> = ["--json"].iter().chain(words).collect();
    ham.run(&words).await.ok().json()
}

async fn states(ham: &Ham) -> Vec<(String, String)> {
    let apps = json(ham, &["app", "list"]).await["apps"].take();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    apps.as_array().unwrap().iter().map(|app| (text(&app["app_id"]), text(&app["status"]))).collect()
}

#[test]
fn an_app_is_installed_switched_and_removed() {
    run(async {
        let (_conductor, ham) = conductor().await;
        assert_eq!(ham.run(&["app", "list"]).await.ok().text().trim(), "no apps");
        let agent = json(&ham, &["agent", "new"]).await["agent"].as_str().unwrap().to_owned();
        let installed =
            json(&ham, &["app", "install", &probe(), "--id", "one", "--agent", &agent, "--disabled"]).await;
        assert_eq!(installed["installed"]["agent"], agent);
        assert_eq!(states(&ham).await, [("one".into(), "disabled (never started)".into())]);
        ham.run(&["app", "enable", "one"]).await.ok();
        assert_eq!(states(&ham).await, [("one".into(), "enabled".into())]);
        // The id that the settings name, where none is given.
        assert_eq!(json(&ham, &["app", "disable", "--app-id", "one"]).await, json!({ "disabled": "one" }));
        assert_eq!(states(&ham).await[0].1, "disabled (by its user)");
        let agents = json(&ham, &["agent", "list"]).await;
        assert_eq!(agents["agents"][0]["agent"], agent);
        let cells = agents["agents"][0]["cells"].as_array().unwrap();
        assert!(cells.contains(&"one/probe".into()) && cells.contains(&"one/ledger".into()), "{agents}");
        ham.run(&["app", "uninstall", "one"]).await.ok();
        assert!(states(&ham).await.is_empty());

        ham.run(&["app", "enable", "one"]).await.failed(1, &["one"]);
        ham.run(&["app", "enable"]).await.failed(2, &[]);
        ham.run(&["app", "install", "none.happ"]).await.failed(2, &[]);
        ham.run(&["app", "install", &probe(), "--agent", "uhCkk"]).await.failed(2, &[]);
    });
}

#[test]
fn other_coordinators_run_at_once_and_other_integrity_zomes_are_refused() {
    run(async {
        let (_conductor, ham) = conductor().await;
        let ham = ham.with("HAM_APP_ID", "one");
        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        let clone = json(&ham, &["clone", "new", "probe", "--network-seed", "x"]).await;
        assert_eq!(clone["created"]["clone"], "probe.0");

        let directory = ham.home.path().join("app");
        let [app, bundle] =
            [&directory, &ham.home.path().join("new.happ")].map(|path| path.display().to_string());
        ham.run(&["unpack", &probe(), "--output", &app]).await.ok();
        ham.run(&["unpack", &format!("{app}/probe.dna")]).await.ok();
        ham.run(&["unpack", &format!("{app}/ledger.dna")]).await.ok();
        let pack = ["pack", &app, "--recursive", "--output", &bundle];
        let hashes = json(&ham, &["hash", &probe()]).await;

        assert_eq!(ham.run(&pack).await.ok().text().lines().count(), 3);
        let unchanged = json(&ham, &["app", "update", &bundle]).await;
        assert_eq!(unchanged, json!({ "updated": "one", "cells": [] }));

        // A section of no meaning makes another module of it.
        let append = |file: &str| {
            let code = [&*fs::read(directory.join(file)).unwrap(), b"\x00\x05\x04note"].concat();
            fs::write(directory.join(file), code).unwrap();
        };
        append("probe/probe.wasm");
        ham.run(&pack).await.ok();
        assert_eq!(json(&ham, &["hash", &bundle]).await, hashes);
        let updated = json(&ham, &["app", "update", &bundle]).await;
        assert_eq!(updated, json!({ "updated": "one", "cells": ["probe", "probe.0"] }));
        assert_eq!(json(&ham, &["call", "probe", "probe", "echo_text", "\"x\""]).await, "x");

        append("probe/probe_integrity.wasm");
        ham.run(&pack).await.ok();
        assert_ne!(json(&ham, &["hash", &bundle]).await, hashes);
        ham.run(&["app", "update", &bundle]).await.failed(1, &["integrity zomes of the role `probe`"]);
        // What the conductor runs is what the bundle's hash says.
        let cells = json(&ham, &["info"]).await["cells"].take();
        let dna = |cells: &Value, role: &str| {
            cells.as_array().unwrap().iter().find(|cell| cell["role"] == role).unwrap()["dna"].clone()
        };
        for role in ["probe", "ledger"] {
            assert_eq!(dna(&cells, role), dna(&hashes["roles"], role), "{role}");
        }
    });
}

#[test]
fn clones_are_made_switched_and_removed() {
    run(async {
        let (_conductor, ham) = conductor().await;
        let ham = ham.with("HAM_APP_ID", "one");
        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        let made = json(&ham, &["clone", "new", "probe", "--network-seed", "x", "--name", "other"]).await;
        assert_eq!(
            (&made["created"]["clone"], &made["created"]["name"]),
            (&json!("probe.0"), &json!("other"))
        );
        let busy = ham.run(&["clone", "delete", "probe.0"]).await;
        busy.failed(1, &["is enabled", "ham clone disable probe.0"]);
        assert!(!busy.stderr.contains("chain"), "{busy}");
        assert_eq!(json(&ham, &["clone", "disable", "probe.0"]).await, json!({ "disabled": "probe.0" }));
        assert_eq!(json(&ham, &["clone", "enable", "probe.0"]).await, json!({ "enabled": "probe.0" }));
        ham.run(&["clone", "disable", "probe.0"]).await.ok();
        assert_eq!(json(&ham, &["clone", "delete", "probe.0"]).await, json!({ "deleted": "probe.0" }));
        ham.run(&["clone", "enable", "probe.0"]).await.failed(1, &[]);
        // Wrong on their face, so nothing is dialled.
        ham.run(&["clone", "enable", "probe"]).await.failed(2, &[]);
        ham.run(&["clone", "new", "probe"]).await.failed(2, &[]);
        ham.run(&["clone", "new", "probe", "--properties", "{"]).await.failed(2, &[]);
    });
}

#[test]
fn a_token_connects_until_it_is_revoked() {
    run(async {
        let (conductor, ham) = conductor().await;
        let ham = ham.with("HAM_APP_ID", "one");
        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        let issue = ["token", "issue", "--expires", "0", "--reusable"];
        let token = json(&ham, &issue).await["token"].as_str().unwrap().to_owned();
        let file = ham.file("token", &token);
        let port = conductor.attach_app_interface(0, AllowedOrigins::Any, Some("one")).await.unwrap();
        let page = Ham::new()
            .with("HAM_APP_ID", "one")
            .with("HAM_APP_URL", format!("ws://localhost:{port}"))
            .with("HAM_APP_TOKEN_FILE", &file);
        page.run(&["ping"]).await.ok();
        let revoked = ham.run_with(&["token", "revoke", "-"], token.as_bytes()).await.ok();
        assert!(revoked.text().contains("opens nothing"), "{revoked}");
        let refused = page.run(&["ping"]).await;
        refused.failed(3, &[]);
        assert!(!refused.all().contains(&token));
        for wrong in [&b"*"[..], b""] {
            ham.run_with(&["token", "revoke", "-"], wrong).await.failed(2, &["token"]);
        }
    });
}

#[test]
fn a_chain_is_shown_with_its_entries_and_without_secrets() {
    run(async {
        let (_conductor, ham) = conductor().await;
        let ham = ham.with("HAM_APP_ID", "one");
        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        let item = json!({ "call_id": "a", "body": "b".repeat(200) }).to_string();
        let hash = json(&ham, &["call", "probe", "probe", "create_item", &item]).await["$hash"].clone();
        let shown = ham.run(&["chain", "probe"]).await.ok().text().to_owned();
        assert!(shown.contains("\"call_id\":\"a\"") && shown.contains('…'), "{shown}");
        assert!(ham.run(&["chain", "probe", "--full"]).await.ok().text().contains(&"b".repeat(200)));

        let all = ham.run(&["--json", "chain", "probe"]).await.ok();
        let all: Vec<Value> = all.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let sequence: Vec<_> = all.iter().map(|action| action["sequence"].as_u64().unwrap()).collect();
        assert_eq!(sequence, (0..all.len() as u64).collect::<Vec<_>>());
        let last = all.last().unwrap();
        assert_eq!((&last["hash"], &last["entry"]["call_id"]), (&hash, &json!("a")));
        assert_eq!((&last["action"], &last["zome"]), (&json!("Create"), &json!("probe_integrity")));
        assert_eq!(all[0]["action"], "Dna");
        // The grant that ham wrote for itself: its tag is shown, its secret is not.
        let grant = all
            .iter()
            .find(|action| action["entry"]["tag"].as_str().is_some_and(|tag| tag.starts_with("ham:")));
        let grant = grant.unwrap().to_string();
        assert!(!grant.contains("secret"), "{grant}");

        let from = ham.run(&["--json", "chain", "probe", "--from", "2", "--limit", "2"]).await.ok();
        let from: Vec<Value> = from.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(from, all[2..4]);
        ham.run(&["chain", "nowhere"]).await.failed(2, &["ledger"]);
    });
}

#[test]
fn a_function_is_measured_and_each_call_is_counted() {
    run(async {
        let (_conductor, ham) = conductor().await;
        let ham = ham.with("HAM_APP_ID", "one");
        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        let bench = ["bench", "probe", "probe", "echo_text", "\"x\"", "--calls", "50", "--read-only"];
        let measured = json(&ham, &bench).await;
        assert_eq!((&measured["answered"], &measured["others"]), (&json!(50), &json!([])), "{measured}");
        assert!(measured["quantiles"]["p99_us"].as_u64() <= measured["slowest_us"].as_u64(), "{measured}");
        let writes =
            ["bench", "probe", "probe", "create_item", "{\"call_id\":\"a\",\"body\":\"b\"}", "--calls", "9"];
        assert_eq!(json(&ham, &writes).await["answered"], 9);
        // And the one before them, which is not counted.
        assert_eq!(json(&ham, &["call", "probe", "probe", "count_items"]).await, 10);
        // As `ham call` fails.
        ham.run(&["bench", "probe", "probe", "fail", "\"no\""])
            .await
            .failed(1, &["answered; nothing was written"]);
        ham.run(&["bench", "nowhere", "probe", "fail", "\"no\""]).await.failed(6, &["nowhere"]);
        ham.run(&["bench", "probe", "probe", "echo_text", "--in-flight", "0"])
            .await
            .failed(2, &["--in-flight"]);
    });
}
