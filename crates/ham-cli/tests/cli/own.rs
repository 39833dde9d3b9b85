//! A conductor that ham starts for one command. The embedded one: what is said of the real one is in `real.rs`.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Ham, endings, no_secret, probe};

/// A home with a directory for temporary data in it.
fn home() -> Ham {
    let ham = Ham::new();
    let temporary = ham.home.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    ham.with("TMPDIR", temporary.display())
}

/// No conductor's data and no keys are left.
#[track_caller]
fn nothing_is_left(ham: &Ham) {
    let left: Vec<_> = std::fs::read_dir(ham.home.path().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!ham.credentials().exists(), "a temporary conductor's key was kept");
}

#[tokio::test]
async fn an_app_is_all_a_call_needs() {
    let ham = home();
    let call = ["call", "--app", &probe(), "probe", "probe"];
    let ran = ham.run(&[&call[..], &["echo_text", r#""hello""#]].concat()).await.ok();
    assert_eq!(ran.text(), "\"hello\"\n");
    nothing_is_left(&ham);

    // Each has a chain of its own, whichever way it is asked for.
    let item = r#"{"call_id": "1", "body": "b"}"#;
    ham.run(&[&call[..], &["create_item", item]].concat()).await.ok();
    let named = Ham::with(ham, "HAM_CONDUCTOR", "embedded");
    assert_eq!(named.run(&[&call[..], &["count_items"]].concat()).await.ok().text(), "0\n");
    let bundle = std::fs::read(probe()).unwrap();
    let piped = ["call", "--app", "-", "--json", "probe", "probe", "echo", "1"];
    assert_eq!(named.run_with(&piped, &bundle).await.ok().json(), 1);

    let failed = named.run(&[&call[..], &["fail", r#""as asked""#]].concat()).await;
    failed.failed(1, &["as asked", "outcome: answered"]);
    nothing_is_left(&named);
}

#[tokio::test]
async fn every_command_about_an_app_takes_one() {
    let ham = home();
    let app = probe();
    let info = ham.run(&["info", "--app", &app, "--json"]).await.ok().json();
    assert_eq!((&info["app_id"], &info["status"]), (&json!("probe"), &json!("enabled")));
    let named = ham.run(&["info", "--app", &app, "--json", "--app-id", "another"]).await.ok().json();
    assert_eq!(named["app_id"], "another");
    assert!(ham.run(&["ping", "--app", &app]).await.ok().text().contains("`probe`"));
    assert_eq!(ham.run(&["state", "--app", &app, "--json"]).await.ok().json()["state"], "live");
    assert_eq!(
        ham.run(&["grants", "list", "--app", &app, "--json"]).await.ok().json(),
        json!({"grants": []})
    );
    let steps = ham.run(&["doctor", "--call", "--app", &app, "--json"]).await.ok().json();
    let steps = steps["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["finding"] == "ok"), "{steps:?}");
    nothing_is_left(&ham);
}

#[tokio::test]
async fn commands_that_follow_stop_their_conductor() {
    for command in [&["signals"][..], &["state", "--follow"]] {
        // The terminal's end, too: temporary data stayed.
        for (signal, code) in endings() {
            let ham = home();
            let mut running = ham.start(&[command, &["--app", &probe()]].concat());
            if command == ["signals"] {
                running.said("listening").await;
            } else {
                running.line(|line| line.contains("live")).await;
            }
            running.signal(signal);
            assert_eq!(running.ended().await, Some(code), "{command:?}");
            nothing_is_left(&ham);
        }
    }
}

#[tokio::test]
async fn an_interrupted_call_takes_its_conductor_along() {
    let ham = home();
    let slow = r#"{"millis": 60000, "text": "never"}"#;
    let mut running = ham.start(&["call", "--app", &probe(), "probe", "probe", "slow_echo", slow]);
    running.said("waiting for the answer").await;
    running.signal(Signal::INT);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), running.ended()).await;
    assert_eq!(ended.expect("it does not end"), Some(130));
    nothing_is_left(&ham);
}

/// With what is found in the place of `holochain`; with itself: `real.rs`.
#[tokio::test]
async fn the_real_one_is_the_binary_that_is_found() {
    let ham = home()
        .with("HAM_HOLOCHAIN_BIN", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/holochain"))
        .with("HAM_OF_THE_TEST", env!("CARGO_BIN_EXE_ham"))
        .with("HAM_CONDUCTOR", "real");
    let call = ["call", "--app", &probe(), "probe", "probe"];
    assert_eq!(ham.run(&[&call[..], &["count_items"]].concat()).await.ok().text(), "0\n");
    let info = ham.run(&["info", "--app", &probe(), "--json", "--app-id", "another"]).await.ok().json();
    assert_eq!(info["app_id"], "another");
    let mut running = ham.start(&["signals", "--app", &probe()]);
    running.said("listening").await;
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(143));
    let no_bundle = ham.file("no.happ", "this is none");
    ham.run(&["info", "--app", &no_bundle]).await.failed(1, &["check the bundle"]);
    nothing_is_left(&ham);
}

#[tokio::test]
async fn a_running_conductor_is_named_by_its_url() {
    let ham = home();
    let mut running = ham.start(&["dev", "--app", &probe(), "--json"]);
    let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    let url = format!("ws://user:hunter2@localhost:{}", started["admin_port"]);
    let by_url = Ham::new().with("HAM_CONDUCTOR", &url).with("HAM_APP_ID", "probe");
    by_url.run(&["ping"]).await.ok();
    let shown = by_url.run(&["info", "--settings", "--json"]).await.ok();
    no_secret(&shown.all(), b"hunter2");
    assert_eq!(shown.json()["settings"]["conductor"]["source"], "environment");

    // A nearer source wins, and what else is set for a running conductor is passed over then.
    let configured = by_url
        .with("HAM_APP_URL", "ws://127.0.0.1:1")
        .with("HAM_LAIR_URL", "unix:///nonexistent")
        .with("HAM_LAIR_PASSPHRASE_FILE", "/nonexistent");
    let call = ["call", "--conductor", "embedded", "--app", &probe(), "probe", "probe", "count_items"];
    assert_eq!(configured.run(&call).await.ok().text(), "0\n");
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(143));
    nothing_is_left(&ham);
}

/// The lines of the README work in any order: exporting one conductor refused an app in another.
#[tokio::test]
async fn an_app_on_the_command_line_counts_more_than_a_conductor_of_the_environment() {
    let ham = home().with("HAM_ADMIN_PORT", 1).with("HAM_APP_ID", "probe");
    let call = ["call", "--app", &probe(), "probe", "probe", "echo_text", r#""hello""#];
    let ran = ham.run(&call).await.ok();
    assert_eq!(ran.text(), "\"hello\"\n");
    assert!(ran.stderr.contains("not the one that HAM_ADMIN_PORT names"), "{ran}");
    nothing_is_left(&ham);
}

#[tokio::test]
async fn what_does_not_go_together_is_told_before_anything_is_started() {
    let (ham, app) = (Ham::new(), probe());
    let run = async |arguments: &[&str]| ham.run(&[&["info"], arguments].concat()).await;
    run(&[]).await.failed(2, &["no conductor is named", "--admin-port", "--app FILE.happ"]);
    run(&["--conductor", "embedded"]).await.failed(2, &["no app was given", "--app FILE.happ"]);
    run(&["--conductor", "real"]).await.failed(2, &["no app was given", "--app FILE.happ"]);
    let running = ["--admin-port", "1", "--app", &app];
    run(&running).await.failed(2, &["--app and --admin-port", "omit one of them"]);
    run(&["--app-url", "ws://x", "--app", &app])
        .await
        .failed(2, &["--app-url is for a running conductor", "omit it"]);
    let both = ["--admin-port", "1", "--conductor", "embedded"];
    run(&both).await.failed(2, &["both --admin-port and --conductor"]);
    let lair =
        ["--conductor", "embedded", "--app", &app, "--lair-url", "unix:///s", "--lair-passphrase-file", "f"];
    run(&lair).await.failed(2, &["--lair-url is for a running conductor", "omit it"]);
    let wrong = ["--conductor", "http://user:hunter2@host"];
    let wrong = run(&wrong).await;
    wrong.failed(2, &["--conductor must be `embedded`, `real` or a ws://"]);
    no_secret(&wrong.all(), b"hunter2");
    run(&["--app", "/nonexistent.happ"]).await.failed(2, &["/nonexistent.happ"]);
    let payload = ["call", "--app", "-", "probe", "probe", "echo", "-"];
    ham.run(&payload).await.failed(2, &["the payload and the app cannot both", "standard input"]);
    ham.run(&["demo", "--conductor", "ws://localhost:1"]).await.failed(2, &["it starts its own"]);
    let no_bundle = ham.file("no.happ", "this is none");
    run(&["--app", &no_bundle]).await.failed(1, &["check the bundle"]);
    let ham = ham.with("HAM_HOLOCHAIN_BIN", "/nonexistent/holochain");
    ham.run(&["info", "--conductor", "real", "--app", &app]).await.failed(8, &["/nonexistent/holochain"]);
}
