//! What shells complete.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Ham, probe};

/// What can stand in the place of the last word, as fish is told.
async fn offered(ham: &Ham, words: &[&str]) -> Vec<String> {
    let ran = ham.run(&[&["--", "ham"], words].concat()).await.ok();
    assert_eq!(ran.stderr, "");
    ran.text().lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

fn asked() -> Ham {
    Ham::new().with("HAM_COMPLETE", "fish")
}

#[tokio::test]
async fn every_shell_is_taught_to_ask() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = Ham::new().run(&["completions", shell]).await.ok();
        assert!(script.text().contains("HAM_COMPLETE"), "{script}");
    }
}

#[tokio::test]
async fn commands_and_the_flags_that_they_use_are_offered() {
    let ham = asked();
    let commands = offered(&ham, &["d"]).await;
    assert_eq!(commands, ["demo", "dev", "dht", "doctor", "dump"]);
    let flags = offered(&ham, &["request", "--t"]).await;
    assert_eq!(flags, ["--token-file", "--target-aspect", "--timeout"]);
    assert_eq!(offered(&ham, &["dev", "--release", "0.7"]).await, ["0.7.0", "0.7.1"]);
}

#[tokio::test]
async fn roles_zomes_and_functions_of_a_bundle_are_offered() {
    let (ham, app) = (asked(), probe());
    let call = ["call", "--json", "--app", &app];
    let after = async |words: &[&str]| offered(&ham, &[&call[..], words].concat()).await;
    assert_eq!(
        after(&[""]).await.into_iter().filter(|word| !word.starts_with('-')).collect::<Vec<_>>(),
        ["ledger", "probe"]
    );
    assert_eq!(after(&["pro"]).await, ["probe"]);
    assert_eq!(after(&["probe", "pr"]).await, ["probe"]);
    assert_eq!(after(&["probe", "probe", "create_i"]).await, ["create_item"]);
    assert_eq!(after(&["probe", "probe", "in"]).await, [""; 0]);
    assert_eq!(after(&["nobody", "p"]).await, [""; 0]);
}

#[tokio::test]
async fn roles_and_zomes_of_a_running_conductor_are_offered() {
    let home = Ham::new();
    let mut running = home.start(&["dev", "--app", &probe(), "--json"]);
    let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    let ham = asked().with("HAM_ADMIN_PORT", &started["admin_port"]);
    assert_eq!(offered(&ham, &["call", "l"]).await, ["ledger"]);
    assert_eq!(offered(&ham, &["call", "--app-id", "probe", "ledger", "l"]).await, ["ledger"]);
    assert_eq!(offered(&ham, &["call", "--app-id", "another", "l"]).await, [""; 0]);
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
    // Nothing is there any more: nothing is offered, and nothing is said.
    assert_eq!(offered(&ham, &["call", "l"]).await, [""; 0]);
}
