//! Commands that are told no conductor find the one that ham started here.

use rustix::process::Signal;

use crate::support::{Ham, Running, probe};

async fn dev(ham: &Ham) -> Running {
    let mut running = ham.start(&["dev", "--app", &probe()]);
    running.line(|line| line == "Conductor ready.").await;
    running
}

#[tokio::test]
async fn the_conductor_that_runs_here_needs_no_port_and_no_app() {
    let ham = Ham::new();
    let running = dev(&ham).await;
    // The role is the only one that has the zome.
    assert_eq!(ham.run(&["call", "probe", "echo_text", "\"x\""]).await.ok().text(), "\"x\"\n");
    assert_eq!(ham.run(&["call", "ledger", "total"]).await.ok().text(), "0\n");
    assert_eq!(ham.run(&["call", "ledger", "ledger", "total"]).await.ok().text(), "0\n");
    ham.run(&["call", "nowhere", "total"])
        .await
        .failed(2, &["no role of the app has a zome `nowhere`", "ledger"]);
    ham.run(&["doctor"]).await.ok();
    assert!(ham.run(&["app", "list"]).await.ok().text().contains("probe"));
    // What is named counts more.
    ham.run(&["ping", "--admin-port", "1", "--app-id", "probe"]).await.failed(3, &["localhost:1"]);
    // It asked for an app before it said that nothing listens there.
    ham.run(&["ping", "--admin-port", "1"]).await.failed(3, &["localhost:1"]);
    ham.run(&["doctor", "--admin-port", "1"]).await.failed(3, &["the step `admin port` failed"]);
    // A word without quotes was called as a function, and nothing said so.
    ham.run(&["call", "probe", "echo_text", "x"])
        .await
        .failed(1, &["read as role `probe`, zome `echo_text`, function `x`", "'\"text\"'"]);

    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
    ham.run(&["ping"]).await.failed(2, &["none started by ham is running here", "ham dev"]);
}

#[tokio::test]
async fn of_several_one_has_to_be_named_and_one_that_was_killed_does_not_count() {
    let ham = Ham::new();
    let first = dev(&ham).await;
    let second = dev(&ham).await;
    ham.run(&["ping"])
        .await
        .failed(2, &["several conductors are running here", "(ham dev: probe)", "--admin-port"]);
    first.signal(Signal::KILL);
    first.ended().await;
    ham.run(&["ping"]).await.ok();
    second.signal(Signal::TERM);
    second.ended().await;
    let notes = ham.home.path().join(".local/state/ham/run");
    assert_eq!(std::fs::read_dir(notes).unwrap().count(), 0);
}

/// Who was told the port was asked for the app, though the conductor knows.
#[tokio::test]
async fn where_the_conductor_has_one_app_it_need_not_be_named() {
    let (ham, other) = (Ham::new(), Ham::new());
    let mut running = other.start(&["dev"]);
    let port = running.line(|line| line.starts_with("###ADMIN_PORT:")).await;
    let port: String = port.chars().filter(char::is_ascii_digit).collect();
    let at = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        [words, vec!["--admin-port".into(), port.clone()]].concat()
    };
    let run = async |words: &[&str]| {
        let words = at(words);
        ham.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    run(&["ping"]).await.failed(2, &["no app is named, and the conductor has none", "ham app install"]);
    run(&["app", "install", &probe()]).await.ok();
    run(&["ping"]).await.ok();
    run(&["grants", "list"]).await.ok();
    run(&["app", "install", &probe(), "--id", "another"]).await.ok();
    run(&["ping"]).await.failed(2, &["the conductor has several: another, probe", "--app-id"]);
    running.signal(Signal::TERM);
    running.ended().await;
}

/// The lines of the README: in the background, and at once.
#[tokio::test]
async fn who_waits_finds_one_that_is_only_starting() {
    let ham = Ham::new();
    let (waited, running) = tokio::join!(ham.run(&["ping", "--wait"]), dev(&ham));
    waited.ok();
    running.signal(Signal::TERM);
    running.ended().await;
}

#[tokio::test]
async fn each_agent_is_named_by_its_app() {
    let ham = Ham::new();
    let mut running = ham.start(&["dev", "--json", "--app", &probe(), "--agents", "3"]);
    let started: serde_json::Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    let named = started["agents"].as_array().unwrap().iter().map(|agent| agent["app_id"].clone());
    assert_eq!(named.collect::<Vec<_>>(), ["probe", "probe-2", "probe-3"]);
    running.said("probe-3").await;
    let info = async |id: &str| ham.run(&["info", "--json", "--app-id", id]).await.ok().json();
    let first = ham.run(&["info", "--json"]).await.ok().json();
    let (second, third) = (info("probe-2").await, info("probe-3").await);
    assert_eq!(first["app_id"], "probe");
    // One network, and somebody else in it.
    assert_eq!(first["cells"][0]["dna"], second["cells"][0]["dna"]);
    assert!(first["agent"] != second["agent"] && second["agent"] != third["agent"]);
    let call = async |id: &str, function: &str, payload: &str| {
        ham.run(&["call", "--app-id", id, "probe", function, payload]).await.ok().text().trim().to_owned()
    };
    call("probe-2", "create_item", r#"{"call_id": "1", "body": "b"}"#).await;
    assert_eq!(
        (&*call("probe-2", "count_items", "null").await, &*call("probe", "count_items", "null").await),
        ("1", "0")
    );
    running.signal(Signal::TERM);
    running.ended().await;
    for arguments in [&["--agents", "2"][..], &["--conductor", "real", "--agents", "2"]] {
        ham.run(&[&["dev"], arguments].concat()).await.failed(2, &["--agents needs an app"]);
    }
    let real = ["dev", "--conductor", "real", "--data", "x", "--app", &probe()];
    ham.run(&real).await.failed(2, &["--data only works with the embedded conductor"]);
}
