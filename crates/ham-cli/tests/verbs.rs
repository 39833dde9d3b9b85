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

/// The bundle with every feature of the HDK.
const FEATURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");

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
        for id in ["", " x", "a\u{7}b"] {
            ham.run(&["app", "install", &probe(), "--id", id])
                .await
                .failed(2, &["cannot be the id of an app"]);
        }
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
        // The keystore was blamed.
        ham.run(&["call", "probe.0", "probe", "count_items"]).await.failed(
            6,
            &["the clone `probe.0` is disabled", "not run, and it never will be", "ham clone enable probe.0"],
        );
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
        assert!(revoked.text().contains("revoked"), "{revoked}");
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
        // Only the tag was shown.
        assert!(grant.contains(r#""functions":"all""#), "{grant}");
        let opened = all.iter().find(|action| action["entry"]["tag"] == "recv_remote_signal").unwrap();
        assert_eq!(opened["entry"]["access"], "unrestricted");
        assert_eq!(opened["entry"]["functions"], json!(["probe/recv_remote_signal"]));

        let from = ham.run(&["--json", "chain", "probe", "--from", "2", "--limit", "2"]).await.ok();
        let from: Vec<Value> = from.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(from, all[2..4]);
        // It counted what was shown.
        for (arguments, heading) in [
            (
                &["--from", "2", "--limit", "2"][..],
                format!("probe: {} actions, 2 of them shown\n", all.len()),
            ),
            (&["--limit", "1"], format!("probe: {} actions, 1 of them shown\n", all.len())),
            (&["--from", "1000"], format!("probe: {} actions, 0 of them shown\n", all.len())),
            (&[], format!("probe: {} actions\n", all.len())),
        ] {
            let shown = ham.run(&[&["chain", "probe"], arguments].concat()).await.ok();
            assert!(shown.text().starts_with(&heading), "{shown}");
        }
        ham.run(&["chain", "nowhere"]).await.failed(2, &["ledger"]);
    });
}

#[test]
fn what_is_held_about_a_hash_is_shown() {
    run(async {
        let (_conductor, ham) = conductor().await;
        let ham = ham.with("HAM_APP_ID", "one");
        ham.run(&["app", "install", FEATURES, "--id", "one"]).await.ok();
        let call = async |function: &str, payload: Value| {
            let payload = payload.to_string();
            json(&ham, &["call", "features", "features", function, &payload]).await
        };
        let text = |hash: &Value| hash["$hash"].as_str().unwrap().to_owned();
        let base = call("create_note", json!("base")).await;
        let target = call("create_note", json!("target")).await;
        let link =
            call("link_notes", json!({ "base": base, "target": target, "tag": { "$bytes": "dA==" } })).await;
        let about = async |hash: &str| json(&ham, &["dht", hash, "features"]).await;

        let of_base = about(&text(&base)).await;
        assert_eq!((&of_base["kind"], &of_base["role"]), (&json!("action"), &json!("features")));
        assert_eq!(of_base["record"][0]["entry"], json!({ "text": "base" }));
        assert_eq!(of_base["links"][0]["hash"], text(&link));
        assert_eq!(about(&text(&target)).await["linked_from"][0]["hash"], text(&link));
        let entry = of_base["record"][0]["data"]["entry_hash"].as_str().unwrap().to_owned();
        assert_eq!(about(&entry).await["written_by"][0]["hash"], text(&base));

        call("unlink", link.clone()).await;
        let of_base = about(&text(&base)).await;
        assert_eq!(
            (&of_base["links"], &of_base["deleted_links"][0]["hash"]),
            (&json!([]), &json!(text(&link)))
        );
        assert_eq!(about(&text(&link)).await["deletes"][0]["action"], "DeleteLink");
        call("delete_by_action", base.clone()).await;
        assert_eq!(about(&text(&base)).await["deletes"][0]["action"], "Delete");

        let author = of_base["record"][0]["author"].as_str().unwrap().to_owned();
        let activity = about(&author).await["activity"].take();
        let sequence: Vec<_> =
            activity.as_array().unwrap().iter().map(|action| action["sequence"].as_u64().unwrap()).collect();
        assert_eq!(sequence, (0..sequence.len() as u64).collect::<Vec<_>>());
        let shown = ham.run(&["dht", &text(&base)]).await.ok();
        assert!(
            shown.text().starts_with("features: action uhCkk") && shown.text().contains("\ndeleted links\n"),
            "{shown}"
        );

        // A private entry is shown to its own agent, and no grant's secret to anybody.
        let secret = call("create_secret_note", json!("mine")).await;
        assert_eq!(about(&text(&secret)).await["record"][0]["entry"], json!({ "text": "mine" }));
        assert!(!about(&author).await.to_string().contains("secret\":"));
        ham.run(&["dht", "uhCkk"]).await.failed(2, &["is not a hash"]);
        let nothing = "uhCkkbGoWc-BgVMHOJ4UABXev43LAO_QZZFK1gbdg54oRoXKkVTZZ";
        ham.run(&["dht", nothing]).await.failed(1, &["holds nothing about"]);
    });
}

#[test]
fn interfaces_are_added_and_states_are_dumped() {
    run(async {
        let (_conductor, ham) = conductor().await;
        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        let ham = ham.with("HAM_APP_ID", "one");
        let port =
            json(&ham, &["interface", "app", "--only", "--allowed-origins", "ham"]).await["app_port"].take();
        let listed = json(&ham, &["interface", "list"]).await["interfaces"].take();
        let added = json!({ "port": port, "allowed_origins": "ham", "installed_app_id": "one" });
        assert!(listed.as_array().unwrap().contains(&added), "{listed}");
        ham.run(&["interface", "admin", "0"]).await.failed(2, &["0"]);

        let cell = json(&ham, &["dump", "cell", "probe"]).await;
        assert_eq!(cell["source_chain_dump"]["records"][0]["action"]["data"]["type"], "Dna");
        assert!(json(&ham, &["dump", "timings", "probe"]).await["timings"].is_array());
        assert!(json(&ham, &["dump", "conductor"]).await.to_string().contains("one"));
        ham.run(&["dump", "cell", "nowhere"]).await.failed(2, &["ledger"]);
    });
}

/// What happened on this conductor is looked at on another one.
#[test]
fn a_dump_is_opened_beside_a_fresh_agent() {
    run(async {
        let (_conductor, ham) = conductor().await;
        ham.run(&["app", "install", FEATURES, "--id", "there"]).await.ok();
        let ham = ham.with("HAM_APP_ID", "there");
        let note = json(&ham, &["call", "features", "features", "create_note", r#""from there""#]).await;
        let hash = note["$hash"].as_str().unwrap();
        let dumped = ham.run(&["dump", "cell", "features"]).await.ok();
        let dump = ham.file("dump.json", dumped.text());

        let here = Ham::new();
        let mut dev = here.start(&["dev", "--app", FEATURES, "--from", &dump]);
        dev.line(|line| line == "Conductor ready.").await;
        let found = here.run(&["dht", hash]).await.ok();
        assert!(found.text().contains("from there"), "{found}");
        // A fresh agent writes beside it.
        here.run(&["call", "features", "features", "create_note", r#""from here""#]).await.ok();

        let other = here.run(&["dev", "--app", &probe(), "--from", &dump]).await;
        other.failed(2, &["it is of the DNA", "which no app here has", "--app"]);
        let cut = here.file("cut.json", "[1");
        here.run(&["dev", "--app", FEATURES, "--from", &cut])
            .await
            .failed(2, &["not a full-state dump", "ham dump cell"]);
    });
}

#[test]
fn settings_of_roles_and_membrane_proofs_are_handed_in() {
    run(async {
        let (_conductor, ham) = conductor().await;
        let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe-memproof.happ");
        // {"code": "probe-member"}
        let proof = ham.file("proof", b"\x81\xa4code\xacprobe-member");
        ham.run(&["app", "install", bundle, "--id", "waits", "--disabled"]).await.ok();
        assert_eq!(states(&ham).await[0].1, "awaiting membrane proofs");
        let handed = ["app", "memproofs", "--app-id", "waits", &format!("probe={proof}")];
        assert_eq!(json(&ham, &handed).await, json!({ "memproofs": ["probe"] }));
        ham.run(&["app", "enable", "waits"]).await.ok();
        ham.run(&["app", "memproofs", "--app-id", "waits", "probe"]).await.failed(2, &["ROLE=FILE"]);

        let settings =
            ham.file("roles.yaml", "probe:\n  type: provisioned\n  membrane_proof: { path: proof }\n");
        ham.run(&["app", "install", bundle, "--id", "at-once", "--roles-settings", &settings]).await.ok();
        assert!(states(&ham).await.iter().all(|(_, state)| state == "enabled"));
        let wrong = ham.file("wrong.yaml", "- 1");
        ham.run(&["app", "install", bundle, "--roles-settings", &wrong]).await.failed(2, &["wrong.yaml"]);
    });
}

#[test]
fn what_zomes_can_do_is_told_of_a_bundle_and_their_names_of_an_app() {
    run(async {
        let (_conductor, ham) = conductor().await;
        let told = json(&ham, &["schema", FEATURES]).await;
        let role = &told["roles"][0];
        assert_eq!((&role["role"], &told["roles"][1]["role"]), (&json!("features"), &json!("twin")));
        let types = role["integrity"][0]["entry_types"].as_array().unwrap();
        let named = |name: &str| types.iter().find(|entry| entry["name"] == name).unwrap().clone();
        assert_eq!(named("note"), json!({ "name": "note", "private": false, "required_validations": 2 }));
        assert_eq!(named("secret_note")["private"], true);
        assert_eq!(role["integrity"][0]["link_types"], 3);
        let coordinator = &role["coordinators"][0];
        assert_eq!(coordinator["depends_on"], json!(["features_integrity"]));
        let functions = coordinator["functions"].as_array().unwrap();
        assert!(functions.contains(&json!("create_note")) && !functions.contains(&json!("validate")));
        let shown = ham.run(&["schema", FEATURES]).await.ok();
        assert!(shown.text().contains("secret_note (private)"), "{shown}");

        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        let told = json(&ham, &["schema", "--app-id", "one"]).await;
        assert_eq!(told["roles"][0]["role"], "probe");
        assert_eq!(
            told["roles"][1]["coordinators"][0],
            json!({ "zome": "ledger", "depends_on": ["ledger_integrity"], "functions": null })
        );
        ham.run(&["schema", "none.happ"]).await.failed(2, &["none.happ"]);
    });
}

/// The order differed from app to app.
#[test]
fn roles_come_in_the_order_of_the_manifest() {
    run(async {
        let (_conductor, ham) = conductor().await;
        for id in 0..4 {
            let id = id.to_string();
            let installed = json(&ham, &["app", "install", FEATURES, "--id", &id]).await["installed"].take();
            let roles = installed["cells"].as_array().unwrap().iter().map(|cell| cell["role"].clone());
            assert_eq!(roles.collect::<Vec<_>>(), ["features", "twin", "refused"]);
        }
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
        // As with `ham call`, one role alone has the zome.
        let inferred = ["bench", "ledger", "total", "--calls", "5", "--read-only"];
        assert_eq!(json(&ham, &inferred).await["answered"], 5);
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
