//! Conductors that the binary finds and starts.

use ham_launcher::InstallSource;
use rustix::process::Signal;
use serde_json::Value;

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
