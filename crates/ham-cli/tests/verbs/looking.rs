//! What chains and databases hold, and what zomes can do.

use serde_json::{Value, json};

use crate::support::{Ham, probe};
use crate::{FEATURES, conductor, json, run};

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
