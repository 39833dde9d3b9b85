//! What is told of an app that does not run, of one that waits for membrane proofs, and of what an administrator gets refused.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Ham, Running, probe};

/// A conductor without apps, and the command set up for it.
async fn conductor() -> (Ham, Running) {
    let ham = Ham::new();
    let mut running = ham.start(&["dev", "--no-page", "--json"]);
    let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    let port = started["admin_port"].to_string();
    (ham.with("HAM_ADMIN_PORT", port), running)
}

async fn ended(running: Running) {
    running.signal(Signal::TERM);
    running.ended().await;
}

/// Case: "The K2 Space … does not exist" was all that was said of its cells, and its state was `live`.
#[tokio::test]
async fn an_app_that_is_disabled_is_said_to_be_so() {
    let (ham, running) = conductor().await;
    ham.run(&["app", "install", &probe()]).await.ok();
    let clone = ham.run(&["clone", "new", "probe", "--network-seed", "x", "--json"]).await.ok().json();
    assert_eq!(clone["created"]["clone"], "probe.0");
    let action: Value = {
        let chain = ham.run(&["chain", "probe", "--json", "--limit", "1"]).await.ok();
        serde_json::from_str(chain.text().lines().next().unwrap()).unwrap()
    };
    ham.run(&["clone", "disable", "probe.0"]).await.ok();
    for words in [&["chain", "probe.0"][..], &["dump", "cell", "probe.0"]] {
        ham.run(words)
            .await
            .failed(1, &["the clone `probe.0` is disabled", "ham clone enable --app-id probe probe.0"]);
    }
    ham.run(&["app", "disable", "probe"]).await.ok();
    let hash = action["hash"].as_str().unwrap();
    for words in [&["chain"][..], &["chain", "probe.0"], &["dump", "cell"], &["dht", hash]] {
        let refused = ham.run(words).await;
        refused.failed(1, &["error: the app `probe` is disabled (by its user)", "`ham app enable probe`"]);
    }
    ham.run(&["call", "probe", "count_items"])
        .await
        .failed(6, &["the app is disabled", "`ham app enable ID`"]);
    ham.run(&["doctor"]).await.failed(1, &["`app state`", "`ham app enable probe`"]);
    let state = ham.run(&["state"]).await.ok();
    assert_eq!(state.text(), "live\n");
    for told in [state, ham.run(&["schema"]).await.ok(), ham.run(&["signals", "--timeout", "1s"]).await.ok()]
    {
        assert!(
            told.stderr.contains(
                "the app `probe` is disabled (by its user): enable the app with `ham app enable probe`"
            ),
            "{told}"
        );
    }
    assert_eq!(ham.run(&["state", "--json"]).await.ok().json()["app_status"], "disabled (by its user)");
    ham.run(&["app", "enable", "probe"]).await.ok();
    assert!(!ham.run(&["state"]).await.ok().stderr.contains("warning"));
    ended(running).await;
}

/// Case: it was installed, and said to have failed; neither what it waits for nor how it gets it was told.
#[tokio::test]
async fn an_app_that_waits_for_proofs_is_installed() {
    let (ham, running) = conductor().await;
    let ways = [
        "awaiting membrane proofs",
        "ham app memproofs --app-id waits ROLE=FILE",
        "ham app enable waits",
        "--roles-settings",
    ];
    let bundle = probe().replace("probe.happ", "probe-memproof.happ");
    let installed = ham.run(&["app", "install", &bundle, "--id", "waits"]).await.ok();
    assert!(installed.text().starts_with("installed waits, awaiting membrane proofs"), "{installed}");
    assert!(ways.iter().all(|way| installed.stderr.contains(way)), "{installed}");
    ham.run(&["app", "enable", "waits"]).await.failed(1, &["awaiting membrane proofs", "ham app memproofs"]);
    // Case: it was disabled, could then not be enabled, and took no proofs any more.
    ham.run(&["app", "disable", "waits"]).await.failed(
        1,
        &["`waits` is awaiting membrane proofs", "was not disabled", "unusable", "ham app uninstall"],
    );
    let proof = ham.file("proof", [1]);
    let refused = ham.run(&["app", "memproofs", &format!("probe={proof}")]).await;
    refused.failed(
        1,
        &["the membrane proofs of `waits` were refused", "membrane proof is not a map", "ham info"],
    );
    assert!(!refused.stderr.contains("check the zome") && !refused.stderr.contains("chain"), "{refused}");
    let mut right = vec![0x81, 0xa4];
    right.extend(b"code\xacprobe-member");
    let proof = ham.file("proof", right);
    ham.run(&["app", "memproofs", &format!("probe={proof}")]).await.ok();
    let again = ham.run(&["app", "memproofs", &format!("probe={proof}")]).await;
    again.failed(1, &["does not await membrane proofs"]);
    ham.run(&["app", "enable", "waits"]).await.ok();
    ended(running).await;

    let mut running = ham.start(&["dev", "--no-page", "--app-id", "waits", "--app", &bundle]);
    let warned = running.said("warning").await;
    assert!(ways.iter().all(|way| warned.contains(way)), "{warned}");
    running.line(|line| line == "Conductor ready.").await;
    ended(running).await;
}

/// "Correct the request" was the advice about each of them.
#[tokio::test]
async fn what_an_administrator_is_refused_has_an_advice_that_helps() {
    let (ham, running) = conductor().await;
    ham.run(&["app", "install", &probe()]).await.ok();
    ham.run(&["app", "install", &probe()])
        .await
        .failed(1, &["AppAlreadyInstalled", "pass another one with --id"]);
    for verb in ["enable", "disable", "uninstall"] {
        ham.run(&["app", verb, "nowhere"]).await.failed(1, &["AppNotInstalled", "`ham app list` shows"]);
    }
    ham.run(&["call", "probe", "count_items"]).await.ok();
    ham.run(&["dev", "fault", "host", "create"]).await.ok();
    let item = r#"{"call_id": "1", "body": "b"}"#;
    ham.run(&["call", "probe", "create_item", item]).await.failed(1, &["as a test asked", "--times 0"]);
    ham.run(&["call", "probe", "create_item", item]).await.ok();
    // A bundle of another release was installed without a word.
    let old = probe().replace("probe.happ", "0.6/probe.happ");
    let installed = ham.run(&["app", "install", &old, "--id", "old"]).await.ok();
    assert!(installed.stderr.contains("warning: this app's zomes were built with HDI 0.7.3"), "{installed}");
    ham.run(&["call", "--app-id", "old", "probe", "create_item", item])
        .await
        .failed(1, &["module_path", "a different Holochain release"]);
    // Nothing was looked at where no app was named.
    let doctor = ham.run(&["doctor"]).await;
    doctor.failed(2, &["`app state`", "--app-id"]);
    let is_well = |step| doctor.text().lines().any(|line| line.contains("ok") && line.contains(step));
    assert!(["settings", "admin port", "origin", "release"].into_iter().all(is_well), "{doctor}");
    ended(running).await;
}
