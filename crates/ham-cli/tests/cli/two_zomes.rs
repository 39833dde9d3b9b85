//! An app that is built by what stands in for Rust.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::Value;

use crate::support::{BOUND, Ham, Running, probe};

/// An app of two zomes, whose sources are `made`.
pub(crate) struct App {
    pub(crate) ham: Ham,
    pub(crate) directory: PathBuf,
}

impl App {
    pub(crate) async fn new() -> Self {
        let rust = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/rust");
        let ham = Ham::new().with("PATH", format!("{rust}:{}", std::env::var("PATH").unwrap()));
        let directory = ham.home.path().join("an app");
        let [unpacked, dna] = ["probe", "probe/probe.dna"].map(|name| ham.home.path().join(name));
        let text = |path: &Path| path.display().to_string();
        ham.run(&["unpack", &probe(), "--output", &text(&unpacked)]).await.ok();
        ham.run(&["unpack", &text(&dna)]).await.ok();
        let app = Self { ham, directory };
        for zome in ["probe", "probe_integrity"] {
            fs::create_dir_all(app.directory.join(format!("zomes/{zome}/src"))).unwrap();
            app.write(zome, "made");
            let module = unpacked.join(format!("probe/{zome}.wasm"));
            fs::copy(module, app.directory.join(format!("zomes/{zome}/base.wasm"))).unwrap();
        }
        let zome = |name: &str| {
            format!("{{name: {name}, path: ../target/wasm32-unknown-unknown/release/{name}.wasm, DEPENDS}}")
        };
        let [integrity, coordinator] =
            [("probe_integrity", ""), ("probe", "dependencies: [{name: probe_integrity}]")]
                .map(|(name, depends)| zome(name).replace("DEPENDS", depends));
        let dna = format!(
            "manifest_version: '0'\nname: probe\nintegrity: {{network_seed: ~, properties: ~, zomes: [{integrity}]}}\n\
             coordinator: {{zomes: [{coordinator}]}}\n"
        );
        let happ = "manifest_version: '0'\nname: probe\ndescription: ~\nroles: [{name: probe, provisioning: {strategy: create, \
                    deferred: false}, dna: {path: dna/probe.dna, modifiers: {network_seed: ~, properties: ~}, clone_limit: 1}}]\n\
                    allow_deferred_memproofs: false\n";
        fs::create_dir(app.directory.join("dna")).unwrap();
        for (name, content) in [("Cargo.toml", ""), ("happ.yaml", happ), ("dna/dna.yaml", &dna)] {
            fs::write(app.directory.join(name), content).unwrap();
        }
        app
    }

    /// At once, as an editor saves: a file that is written to is an empty one first, which may be built.
    pub(crate) fn write(&self, zome: &str, source: &str) {
        let saved = self.ham.file("saved", source);
        fs::rename(saved, self.directory.join(format!("zomes/{zome}/src/lib.rs"))).unwrap();
    }

    pub(crate) fn path(&self) -> String {
        self.directory.display().to_string()
    }

    /// Starts `ham dev --watch`, which runs the app when this is answered.
    pub(crate) async fn watch(&self, arguments: &[&str]) -> (Running, Value) {
        let mut running = self.ham.start(&[&["dev", "--json", "--watch", &self.path()], arguments].concat());
        let started = running.line(|line| line.contains("admin_port")).await;
        running.said("watching").await;
        (running, serde_json::from_str(&started).unwrap())
    }

    /// What a build that hangs has started.
    pub(crate) async fn compiler(&self) -> OwnedFd {
        let started = async {
            loop {
                let child = fs::read_to_string(self.directory.join("target/child")).unwrap_or_default();
                match child.strip_suffix('\n').and_then(|child| child.parse().ok()) {
                    Some(child) => return child,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        let child = tokio::time::timeout(BOUND, started).await.expect("it starts");
        pidfd_open(Pid::from_raw(child).unwrap(), PidfdFlags::empty()).unwrap()
    }

    pub(crate) async fn call(&self) -> String {
        self.ham.run(&["call", "probe", "echo_text", r#""x""#]).await.ok().text().trim().to_owned()
    }
}

/// It ends, whatever it does.
pub(crate) fn ended(process: &OwnedFd) {
    let bound = Timespec { tv_sec: 60, tv_nsec: 0 };
    assert_eq!(poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&bound)).unwrap(), 1, "it runs");
}
