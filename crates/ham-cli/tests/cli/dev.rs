//! `ham dev`, the embedded conductor, as it is started.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Ham, probe};

#[tokio::test]
async fn standard_input_is_not_both_the_app_and_the_passphrase() {
    let ran = Ham::new().run_with(&["dev", "--app", "-", "--piped"], b"passphrase\n").await;
    ran.failed(2, &["the passphrase and the app cannot both", "standard input", "pass the app as a file"]);
}

#[tokio::test]
async fn kept_data_are_found_again() {
    let ham = Ham::new();
    let data = ham.home.path().join("data").display().to_string();
    let arguments = ["dev", "--json", "--data", &data, "--app", &probe()];
    for count in ["0\n", "1\n"] {
        let mut running = ham.start(&arguments);
        let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
        // The name in its bundle.
        assert_eq!(started["app_id"], "probe");
        let port = started["admin_port"].to_string();
        let call = async |arguments: &[&str]| {
            let call = ["call", "--admin-port", &port, "--app-id", "probe", "probe", "probe"];
            ham.run(&[&call[..], arguments].concat()).await.ok()
        };
        assert_eq!(call(&["count_items"]).await.text(), count);
        call(&["create_item", r#"{"call_id": "1", "body": "b"}"#]).await;
        running.signal(Signal::INT);
        assert_eq!(running.ended().await, Some(130));
    }
}

/// Case: other terminals found the conductor of `ham demo`, which then took their calls for a defect of ham.
#[tokio::test]
async fn one_that_is_started_as_holochain_is_started_is_not_found_by_others() {
    let ham = Ham::new();
    let mut running = ham.start(&["dev", "--piped", "--json"]);
    running.line(|line| line.contains("admin_port")).await;
    ham.run(&["app", "list"]).await.failed(2, &["no conductor"]);
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

/// As whoever starts it in the place of `holochain` does, with an environment that is about another conductor.
#[tokio::test]
async fn the_port_of_its_configuration_counts_more_than_the_environment() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ham = Ham::new().with("HAM_ADMIN_PORT", port);
    let data = ham.home.path().join("data").display().to_string();
    let file = ham.file(
        "conductor-config.yaml",
        format!(
            "data_root_path: '{data}'\nkeystore:\n  type: danger_test_keystore\nadmin_interfaces:\n  - driver:\n      \
             type: websocket\n      port: 0\n      allowed_origins: '*'\n"
        ),
    );
    let mut running = ham.start(&["dev", "--config-path", &file]);
    let line = running.line(|line| line.starts_with("###ADMIN_PORT:")).await;
    assert_ne!(line, format!("###ADMIN_PORT:{port}###"));
    running.line(|line| line == "Conductor ready.").await;
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(143));
}

/// A configuration of 0.6 has fields that 0.7.1 refuses.
#[tokio::test]
async fn it_is_the_release_that_it_is_told_to_be() {
    let ham = Ham::new();
    let data = ham.home.path().join("data").display().to_string();
    let file = ham.file(
        "conductor-config.yaml",
        format!(
            "data_root_path: '{data}'\nkeystore:\n  type: danger_test_keystore\nadmin_interfaces:\n  - driver:\n      \
             type: websocket\n      port: 0\n      allowed_origins: '*'\nnetwork:\n  \
             bootstrap_url: http://127.0.0.1:1\n  signal_url: ws://127.0.0.1:1\n  relay_url: http://127.0.0.1:1\n\
             db_sync_strategy: Resilient\n"
        ),
    );
    for (told, is) in [("0.6.3", "0.6"), ("0.6", "0.6")] {
        let mut running = ham.start(&["dev", "--json", "--release", told, "--config-path", &file]);
        let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
        assert_eq!(started["release"], is);
        assert_eq!(started["data"], data.as_str());
        assert!(started["page"].is_null());
        running.signal(Signal::INT);
        assert_eq!(running.ended().await, Some(130));
    }
    ham.run(&["dev", "--release", "0.7.1", "--config-path", &file])
        .await
        .failed(2, &["signal_url", "correct the file"]);
    ham.run(&["dev", "--release", "0.5"]).await.failed(2, &["0.5", "0.6, 0.7.0, 0.7.1"]);
}

/// The limits of the release stood in its line of the table, of hundreds of characters.
#[tokio::test]
async fn doctor_lists_what_a_release_cannot_do_below_its_table() {
    let ham = Ham::new();
    let mut running = ham.start(&["dev", "--json", "--release", "0.7.0", "--app", &probe()]);
    let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    let port = started["admin_port"].to_string();
    let shown = ham.run(&["doctor", "--admin-port", &port, "--app-id", "probe"]).await.ok();
    let release = shown.text().lines().find(|line| line.contains(" release ")).unwrap();
    assert!(release.contains("Holochain 0.7.0") && release.len() < 100, "{shown}");
    assert!(shown.text().contains("\n- another client can grant or revoke"), "{shown}");
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

/// The keystore was blamed: "was it made with another passphrase?"
#[tokio::test]
async fn a_data_directory_whose_path_no_socket_fits_below_is_told_so() {
    let ham = Ham::new();
    let data = ham.home.path().join("d".repeat(100)).display().to_string();
    ham.run(&["dev", "--data", &data]).await.failed(2, &["--data", "path is too long", "socket"]);
    ham.run(&["conductor", "run", "--data", &data])
        .await
        .failed(2, &["--data", "path is too long", "socket"]);
}

/// Case: a page of any site could read private entries, issue tokens, uninstall.
#[tokio::test]
async fn pages_from_elsewhere_are_refused_unless_they_are_named() {
    let ham = Ham::new();
    for (named, is_let_in) in [(None, false), (Some("https://example.org"), true)] {
        let app = probe();
        let mut arguments = vec!["dev", "--app", &app];
        arguments.extend(named.iter().flat_map(|named| ["--allowed-origins", *named]));
        let mut running = ham.start(&arguments);
        running.line(|line| line == "Conductor ready.").await;
        for (origin, near) in
            [("https://example.org", false), ("http://localhost:8080", true), ("null", false)]
        {
            let ran = ham.run(&["app", "list", "--origin", origin]).await;
            if near || is_let_in && origin != "null" {
                ran.ok();
            } else {
                ran.failed(3, &["400"]);
            }
        }
        ham.run(&["ping"]).await.ok();
        running.signal(Signal::TERM);
        running.ended().await;
    }
    ham.run(&["dev", "--origin", "x"]).await.failed(2, &["--origin"]);
}

/// Case: code that had changed was not loaded, without a word.
#[tokio::test]
async fn an_app_that_is_kept_with_other_code_is_told_of() {
    let ham = Ham::new();
    let [data, app, new] =
        ["data", "app", "new.happ"].map(|name| ham.home.path().join(name).display().to_string());
    ham.run(&["unpack", &probe(), "--output", &app]).await.ok();
    ham.run(&["unpack", &format!("{app}/probe.dna")]).await.ok();
    ham.run(&["unpack", &format!("{app}/ledger.dna")]).await.ok();
    // A section of no meaning makes another module of it.
    let append = |module: &str| {
        let path = format!("{app}/probe/{module}");
        std::fs::write(&path, [&*std::fs::read(&path).unwrap(), b"\x00\x05\x04note"].concat()).unwrap();
    };
    let pack = ["pack", &app, "--recursive", "--output", &new];
    let dev = async |arguments: &[&str]| {
        let mut running = ham.start(&[&["dev", "--data", &data, "--app"], arguments].concat());
        running.line(|line| line == "Conductor ready.").await;
        running.signal(Signal::TERM);
        running.rest().await
    };
    assert!(!dev(&[&probe()]).await.contains("warning"));
    append("probe.wasm");
    ham.run(&pack).await.ok();
    let told = dev(&[&new]).await;
    assert!(told.contains("different coordinator zomes") && told.contains("--update"), "{told}");
    assert!(!dev(&[&new, "--update"]).await.contains("warning"));
    assert!(!dev(&[&new]).await.contains("warning"));
    // Another app altogether, for which no update is meant.
    let manifest = format!("{app}/happ.yaml");
    let kept = std::fs::read_to_string(&manifest).unwrap();
    for (from, to, words) in [
        ("name: ledger", "name: books", "no role `books`"),
        ("network_seed: null", "network_seed: other", "a different network seed or different properties"),
    ] {
        assert!(kept.contains(from), "{kept}");
        std::fs::write(&manifest, kept.replacen(from, to, 1)).unwrap();
        ham.run(&pack).await.ok();
        for arguments in [&[&*new][..], &[&*new, "--update"]] {
            let told = dev(arguments).await;
            assert!(told.contains(words) && told.contains("a different app"), "{told}");
        }
    }
    let told = dev(&[FEATURES, "--app-id", "probe"]).await;
    assert!(told.contains("no role `features`"), "{told}");
    std::fs::write(&manifest, kept).unwrap();
    append("probe_integrity.wasm");
    ham.run(&pack).await.ok();
    let told = dev(&[&new]).await;
    assert!(told.contains("different integrity zomes") && told.contains("probe"), "{told}");
}

const FEATURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");
