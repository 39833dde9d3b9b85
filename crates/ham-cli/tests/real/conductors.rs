//! Conductors that the binary finds and starts.

use std::path::Path;
use std::time::Duration;

use ham_launcher::{InstallSource, Lookup, Tool};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::conductor::{install, run};
use crate::support::{BOUND, Ham, probe};

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
        gone(|| std::fs::read_dir(&temporary).unwrap().count() == 0).await;
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
        let data = Path::new(started["data"].as_str().unwrap());
        gone(|| !data.exists()).await;
    });
}

/// Case: what was not removed within a tenth of a second stayed, of a `ham dev --conductor real`, too; and later what ended by itself amid
/// the removal.
#[test]
fn data_that_take_long_to_remove_go_with_a_process_that_ends_before_they_have() {
    run(async {
        for (signal, code) in [(Signal::INT, Some(130)), (Signal::KILL, None)] {
            let ham = ham_with_conductor().await;
            let mut running = ham.start(&["conductor", "run", "--json"]);
            let line = running.line(|line| line.contains("admin_port")).await;
            let started: Value = serde_json::from_str(&line).unwrap();
            let data = Path::new(started["data"].as_str().unwrap());
            let many = data.join("many");
            std::fs::create_dir(&many).unwrap();
            for number in 0..MANY {
                std::fs::write(many.join(number.to_string()), "").unwrap();
            }
            running.signal(signal);
            assert_eq!(running.ended().await, code);
            gone(|| !data.exists()).await;
        }
    });
}

/// Files: they take several tenths of a second to be removed.
const MANY: usize = 50_000;

/// Waits until what a process left is removed, which no event tells.
async fn gone(is_gone: impl Fn() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(10));
    let waited = async {
        while !is_gone() {
            look.tick().await;
        }
    };
    tokio::time::timeout(BOUND, waited).await.expect("temporary data remain");
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

/// Case: `holochain` prints what zomes log, and nobody saw it.
#[test]
fn what_zomes_log_in_a_real_conductor_is_shown() {
    run(async {
        if install().await.source == InstallSource::Embedded {
            return;
        }
        let relay = Lookup::of(Tool::Relay).ensure(|_| {}).await.unwrap();
        let ham = ham_with_conductor().await.with(Tool::Relay.variable(), relay.binary.display());
        let ham = ham.with("WASM_LOG", "debug");
        let app = probe().replace("probe.happ", "features.happ");
        let mut running = ham.start(&["dev", "--json", "--conductor", "real", "--app", &app]);
        running.line(|line| line.contains("admin_port")).await;
        ham.run(&["call", "features", "features", "trace_all", "\"of a zome\""]).await.ok();
        running.said("info of a zome").await;
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
