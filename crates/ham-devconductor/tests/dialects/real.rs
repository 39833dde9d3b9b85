//! The real conductor of a release beside the embedded one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ham_devconductor::Release;
use ham_launcher::CacheDirectory;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::transcript::Step;
use crate::{BOUND, SCENARIOS, Scenario, happ};

#[tokio::test(flavor = "multi_thread")]
async fn real_0_6() {
    compare(Release::V0_6, "0.6.3", "0.6/probe.happ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_0_7_0() {
    compare(Release::V0_7_0, "0.7.0", "0.7.0/probe.happ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_0_7_1() {
    compare(Release::V0_7_1, "0.7.1", "probe.happ").await;
}

/// What an ordinary run plays: each costs a real conductor seconds.
const SLICE: &str = "known_requests,grants,cells_off";

/// Plays scenarios on both, and fails where they differ.
async fn compare(release: Release, version: &str, bundle: &str) {
    let bundle = happ().join(bundle);
    let (Some(binary), true) = (binary(version).await, bundle.exists()) else {
        println!("LEFT OUT: there is no holochain {version} on this machine, or no {}", bundle.display());
        return;
    };
    let wanted = std::env::var("HAM_CONFORMANCE").unwrap_or(SLICE.to_owned());
    let is_wanted =
        |scenario: &&Scenario| wanted.split(',').any(|part| part == "all" || scenario.name.contains(part));
    let scenarios: Vec<&Scenario> = SCENARIOS.iter().filter(is_wanted).collect();
    let real = Real::start(&binary, release).await;
    let mut differences = String::new();
    for scenario in &scenarios {
        let theirs = scenario.play(release, real.admin_port, &bundle).await;
        let ours = scenario.embedded(release).await;
        differences.push_str(&difference(scenario.name, &ours, &theirs));
    }
    println!("{} of {} scenarios on holochain {version}", scenarios.len(), SCENARIOS.len());
    assert!(differences.is_empty(), "they differ:\n{differences}");
}

fn difference(scenario: &str, ours: &[Step], theirs: &[Step]) -> String {
    let answer = |steps: &[Step], name: &str| {
        steps
            .iter()
            .find(|step| step.name == name)
            .map_or("(not done)".to_owned(), |step| step.answer.clone())
    };
    let missing = theirs.iter().filter(|step| !ours.iter().any(|ours| ours.name == step.name));
    let mut text = String::new();
    for Step { name, .. } in ours.iter().chain(missing) {
        let (our, their) = (answer(ours, name), answer(theirs, name));
        if our != their {
            text.push_str(&format!("{scenario}/{name}\n    embedded:  {our}\n    holochain: {their}\n"));
        }
    }
    text
}

/// In the cache, where builds of other releases than that of the tests are kept too.
async fn binary(version: &str) -> Option<PathBuf> {
    let cache = CacheDirectory::from_env()?;
    let binary = cache.path().join("conductor").join(version).join("bin/holochain");
    let told = Command::new(&binary).arg("--version").output().await.ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    (told.trim() == format!("holochain {version}")).then_some(binary)
}

/// A running one, offline; dropping it kills it.
struct Real {
    admin_port: u16,
    _process: Child,
    _data: tempfile::TempDir,
}

impl Real {
    async fn start(binary: &Path, release: Release) -> Self {
        let data = tempfile::Builder::new().prefix("ham-").tempdir_in("/tmp").unwrap();
        let config = data.path().join("config.yaml");
        std::fs::File::create(&config)
            .unwrap()
            .write_all(configuration(release, data.path()).as_bytes())
            .unwrap();
        let mut command = Command::new(binary);
        command.arg("--piped").arg("--config-path").arg(&config).env("RUST_LOG", "error").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut stdin = process.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, b"passphrase\n").await.unwrap();
        drop(stdin);
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = async {
            let mut port = None;
            while let Some(line) = lines.next_line().await.unwrap() {
                let told = line.strip_prefix("###ADMIN_PORT:").and_then(|rest| rest.strip_suffix("###"));
                port = port.or(told.map(|port| port.parse().unwrap()));
                if line == "Conductor ready." {
                    break;
                }
            }
            port.expect("it is ready")
        };
        let admin_port = tokio::time::timeout(BOUND, ready).await.expect("it starts");
        Self { admin_port, _process: process, _data: data }
    }
}

/// 0.6 wants a signal server too. Port 1 is never listened on.
fn configuration(release: Release, data: &Path) -> String {
    let signal = match release {
        Release::V0_6 => "  signal_url: ws://127.0.0.1:1\n",
        _ => "",
    };
    format!(
        "data_root_path: {data}\nkeystore:\n  type: danger_test_keystore\n\
         admin_interfaces:\n  - driver:\n      type: websocket\n      port: 0\n      allowed_origins: '*'\n\
         network:\n  bootstrap_url: http://127.0.0.1:1\n  relay_url: http://127.0.0.1:1\n{signal}  \
         advanced:\n    irohTransport:\n      relayAllowPlainText: true\n",
        data = data.display(),
    )
}
