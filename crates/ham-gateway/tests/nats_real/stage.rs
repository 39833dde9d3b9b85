//! A real conductor with an app that tells and lists what it commits, and a gateway before it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use ham::{PersistentHam, PersistentHamConfig};
use ham_gateway::{Allows, Config, NewKey, Scope, Server, config};
use ham_launcher::{Conductor, HappBundleSource, Install, InstallOptions};
use holochain_zome_types::prelude::{ChainQueryFilter, Record};
use serde_json::json;

use crate::client::{get, post};
use crate::lists;
use crate::server::NatsServer;

/// Reaching it means a hang.
pub(crate) const BOUND: Duration = Duration::from_secs(120);
/// The app's id.
pub(crate) const APP: &str = "shop";

pub(crate) struct Stage {
    pub(crate) conductor: Conductor,
    pub(crate) gateway: Server,
    key: NewKey,
    ham: PersistentHam,
    _directory: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn start(server: &NatsServer) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let install = Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap();
        let conductor = Conductor::builder().with_install(install).start().await.unwrap();
        let bundle = HappBundleSource::Bytes(lists::bundle(directory.path()).await.into());
        conductor.install_app(&bundle, APP, InstallOptions::default()).await.unwrap();
        conductor.enable(APP).await.unwrap();
        let ham =
            PersistentHam::connect(PersistentHamConfig::local(conductor.admin_port(), APP)).await.unwrap();
        ham.wait_until_callable("features", BOUND, |_| ()).await.unwrap();
        let (key, keys) = (NewKey::new().unwrap(), directory.path().join("keys.toml"));
        let allows = Allows {
            scopes: vec![Scope::Calls],
            apps: vec![APP.into()],
            functions: vec!["**".into()],
            chains: Vec::new(),
        };
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(&keys).unwrap();
        file.write_all(key.stanza_with("all", &allows).as_bytes()).unwrap();
        let text = format!(
            "listen = \"127.0.0.1:0\"\n[conductor]\nadmin_url = \"ws://localhost:{}\"\n[[app]]\nid = \"{APP}\"\n\
             ready = [\"features\"]\nbackfill = \"features/lists/blocks_since\"\n",
            conductor.admin_port()
        );
        let nats = config::Nats::at([server.url().parse().unwrap()]);
        let config = Config::parse(&text).unwrap().with_keys(keys).with_nats(nats);
        let gateway = Server::start(config).await.unwrap();
        must(gateway.ready()).await;
        Self { conductor, gateway, key, ham, _directory: directory }
    }

    /// Makes a note by the gateway: its hash, if it is answered within a while.
    pub(crate) async fn note(&self, text: &str) -> Option<String> {
        let path = format!("/api/v1/apps/{APP}/roles/features/zomes/features/fns/create_note");
        let asking = post(self.gateway.address(), &path).key(self.key.expose()).header("prefer", "wait=5");
        let answer = must(asking.json(&json!(text)).send()).await;
        let hash = (answer.status == 200).then(|| answer.json()["$hash"].as_str().map(str::to_owned));
        hash.map(|hash| hash.expect("a hash"))
    }

    /// Resolves once the gateway has its conductor again.
    pub(crate) async fn ready(&self) {
        let ready = async || get(self.gateway.address(), "/health/ready").send().await.status == 200;
        must(async { while !ready().await {} }).await;
    }

    /// All blocks of the chain, but that of the DNA, as a zome of the HDK lists them: hashes and heights.
    pub(crate) async fn chain(&self) -> Vec<(String, u64)> {
        let query = self.ham.call_zome("features", "features", "query_chain", ChainQueryFilter::new());
        let records: Vec<Record> = must(query).await.unwrap();
        let block =
            |record: &Record| (record.action_address().to_string(), u64::from(record.action().action_seq()));
        let mut blocks: Vec<_> = records.iter().map(block).filter(|(_, height)| *height > 0).collect();
        blocks.sort_by_key(|(_, height)| *height);
        blocks
    }

    pub(crate) async fn end(self) {
        must(self.gateway.stop()).await;
        self.ham.close().await;
        self.conductor.stop().await.unwrap();
    }
}

pub(crate) async fn must<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, work).await.expect("it hangs")
}
