//! Conductors that the binary finds and starts.

use ham_launcher::{InstallSource, Lookup, Tool};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::conductor::{install, run};
use crate::support::{Ham, probe};

#[test]
fn the_conductor_that_the_tests_use_is_found() {
    run(async {
        let ham = ham_with_conductor().await;
        let path = ham.run(&["conductor", "path"]).await.ok();
        assert!(std::path::Path::new(path.text().trim_end()).exists(), "{path}");
        let install = ham.run(&["conductor", "install", "--json"]).await.ok().json();
        assert_eq!(install["version"], "0.7.1");
    });
}

#[test]
fn a_conductor_for_one_call_ends_with_it() {
    run(async {
        let ham = ham_with_conductor().await;
        let temporary = ham.home.path().join("t");
        std::fs::create_dir(&temporary).unwrap();
        let ham = ham.with("TMPDIR", temporary.display());
        let app = probe();
        let call = ["call", "--conductor", "real", "--app", &app, "probe", "probe", "count_items"];
        assert_eq!(ham.run(&call).await.ok().text(), "0\n");
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "temporary data remain");
        assert!(!ham.credentials().exists(), "a temporary conductor's key was kept");
    });
}

#[test]
fn a_conductor_of_its_own_runs_until_it_is_interrupted() {
    run(async {
        let ham = ham_with_conductor().await;
        let mut running = ham.start(&["conductor", "run", "--json", "--app", &probe()]);
        let line = running.line(|line| line.contains("admin_port")).await;
        let started: Value = serde_json::from_str(&line).unwrap();
        let port = started["admin_port"].to_string();
        let other = Ham::new().with("HAM_ADMIN_PORT", port);
        other.run(&["ping", "--app-id", "none"]).await.failed(3, &["`none` is not installed"]);
        other.run(&["ping", "--app-id", "probe"]).await.ok();
        running.signal(Signal::INT);
        assert_eq!(running.ended().await, Some(130));
        assert!(!std::path::Path::new(started["data"].as_str().unwrap()).exists(), "temporary data remain");
    });
}

/// Agents of the embedded conductor share it, and have nobody to meet: `cli/running.rs`.
#[test]
fn agents_on_conductors_of_their_own_meet() {
    run(async {
        if install().await.source == InstallSource::Embedded {
            return;
        }
        let relay = Lookup::of(Tool::Relay).ensure(|_| {}).await.unwrap();
        let ham = ham_with_conductor().await.with(Tool::Relay.variable(), relay.binary.display());
        let mut running =
            ham.start(&["dev", "--json", "--conductor", "real", "--agents", "2", "--app", &probe()]);
        let line = running.line(|line| line.contains("admin_port")).await;
        let started: Value = serde_json::from_str(&line).unwrap();
        let agents = started["agents"].as_array().unwrap();
        assert_eq!((&agents[0]["app_id"], &agents[1]["app_id"]), (&json!("probe"), &json!("probe-2")));
        assert_ne!(agents[0]["admin_port"], agents[1]["admin_port"]);
        // The same words as with the embedded conductor.
        let first = ham.run(&["info", "--json"]).await.ok().json();
        ham.run(&["call", "probe", "probe", "echo_text", "\"x\""]).await.ok();
        // What `init` opens to everyone, with "hi" as MessagePack.
        let asked = json!({ "agent": { "$hash": first["agent"] }, "zome": "probe", "function": "recv_remote_signal",
            "cap_secret": null, "payload": { "$bytes": "omhp" } });
        let call = ["call", "--app-id", "probe-2", "probe", "probe", "call_peer", &asked.to_string()];
        ham.run(&call).await.ok();
        running.signal(Signal::INT);
        assert_eq!(running.ended().await, Some(130));
    });
}

/// The binary where it finds the conductor of the tests.
async fn ham_with_conductor() -> Ham {
    let install = install().await;
    match install.source {
        InstallSource::Embedded => Ham::new()
            .with("HAM_HOLOCHAIN_BIN", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/holochain"))
            .with("HAM_OF_THE_TEST", install.binary.display()),
        _ => Ham::new().with("HAM_HOLOCHAIN_BIN", install.binary.display()),
    }
}
