//! Apps and clones, and the zomes that they run.

use std::fs;

use serde_json::{Value, json};

use crate::support::probe;
use crate::{FEATURES, conductor, json, run, states};

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
            ham.run(&["app", "install", &probe(), "--id", id]).await.failed(2, &["is not a valid app ID"]);
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
        ham.run(&["app", "update", &bundle]).await.failed(1, &["integrity zomes for the role `probe`"]);
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

/// Case: the advice was to correct the request, and no request helps any more.
#[test]
fn an_app_whose_genesis_never_ran_is_installed_again() {
    run(async {
        let (conductor, ham) = conductor().await;
        let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe-memproof.happ");
        ham.run(&["app", "install", bundle, "--id", "waits"]).await.ok();
        ham.run(&["app", "disable", "waits"]).await.failed(1, &["was not disabled", "ham app memproofs"]);
        assert_eq!(states(&ham).await[0].1, "awaiting membrane proofs");
        // As another program does it.
        let admin = ham::Admin::local(conductor.admin_port());
        admin.disable_app("waits").await.unwrap();
        admin.close().await;
        ham.run(&["app", "enable", "waits"])
            .await
            .failed(1, &["CellWithoutGenesis", "its genesis never ran", "`ham app uninstall`"]);
        ham.run(&["app", "uninstall", "waits"]).await.ok();
        ham.run(&["app", "install", bundle, "--id", "waits"]).await.ok();
        assert_eq!(states(&ham).await[0].1, "awaiting membrane proofs");
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
