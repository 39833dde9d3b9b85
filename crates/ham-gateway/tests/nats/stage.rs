//! A conductor with an app that tells and lists what it commits, and gateways before it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use ham_devconductor::{DevConductor, Observer, Outcome};
use ham_gateway::{Allows, Config, NewKey, Scope, Server, config};
use holochain_conductor_api::CellInfo;
use holochain_zome_types::prelude::{CellId, ExternIO};

use crate::lists;
use crate::server::NatsServer;
use crate::stream::{Kept, blocks};

/// Reaching it means a hang.
pub(crate) const BOUND: Duration = Duration::from_secs(90);
/// The app's id.
pub(crate) const APP: &str = "shop";
/// Where its blocks are.
pub(crate) const BLOCKS: &str = "ham.shop%2Ffeatures.block";
/// Where the events are that it has committed something.
pub(crate) const COMMITTED: &str = "ham.shop%2Ffeatures.event.committed";

pub(crate) struct Stage {
    pub(crate) conductor: DevConductor,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) key: NewKey,
    observer: Observer,
    pub(crate) cell: CellId,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let conductor = DevConductor::start().await.unwrap();
        conductor.install(lists::bundle(directory.path()).await, Some(APP.into())).await.unwrap();
        let observer = conductor.observer();
        let apps = observer.apps().await.unwrap();
        let CellInfo::Provisioned(cell) = &apps[0].cell_info["features"][0] else { panic!("a cell") };
        let (cell, key) = (cell.cell_id.clone(), NewKey::new().unwrap());
        let allows = Allows {
            scopes: vec![Scope::Calls, Scope::Feed, Scope::Status, Scope::Metrics],
            apps: vec![APP.into()],
            functions: vec!["**".into()],
            chains: Vec::new(),
        };
        secret(&directory.path().join("keys.toml"), &key.stanza_with("all", &allows));
        Self { conductor, directory, key, observer, cell }
    }

    /// A gateway's configuration, with what is told of NATS.
    pub(crate) fn config(&self, nats: config::Nats) -> Config {
        let text = format!(
            "listen = \"127.0.0.1:0\"\n[conductor]\nadmin_url = \"ws://localhost:{}\"\n[[app]]\nid = \"{APP}\"\n\
             ready = [\"features\"]\nbackfill = \"features/lists/blocks_since\"\n",
            self.conductor.admin_port()
        );
        Config::parse(&text).unwrap().with_keys(self.directory.path().join("keys.toml")).with_nats(nats)
    }

    pub(crate) async fn gateway(&self, nats: config::Nats) -> Server {
        let server = Server::start(self.config(nats)).await.unwrap();
        must(server.ready()).await;
        server
    }

    /// Makes a note, past the gateway: one block and one event.
    pub(crate) async fn note(&self, text: &str) {
        let payload = ExternIO::encode(text).unwrap().0;
        let (_, outcome) = self.observer.call(&self.cell, "features", "create_note", payload).await.unwrap();
        assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
    }

    /// Emits a signal: one event.
    pub(crate) async fn emit(&self, text: &str) {
        let payload = ExternIO::encode(text).unwrap().0;
        let (_, outcome) = self.observer.call(&self.cell, "features", "signal", payload).await.unwrap();
        assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
    }

    /// The last so many blocks, which are notes, sorted.
    pub(crate) async fn last(&self, notes: usize) -> Vec<String> {
        let chain = self.chain().await;
        let mut last: Vec<_> = chain[chain.len() - notes..].iter().map(|(hash, _)| hash.clone()).collect();
        last.sort();
        last
    }

    /// All blocks of the chain, but that of the DNA, which stands before all.
    pub(crate) async fn chain(&self) -> Vec<(String, u64)> {
        lists::chain(&self.observer, &self.cell, 0).await
    }

    pub(crate) async fn ends_there(&self) -> impl Fn(&[Kept]) -> bool + use<> {
        let last = self.chain().await.pop().unwrap();
        move |all| blocks(all, BLOCKS).contains(&last)
    }
}

/// NATS at this address; its first answers may be slow on a loaded machine.
pub(crate) fn nats(url: &str) -> config::Nats {
    let mut nats = config::Nats::at([url.parse().unwrap()]);
    nats.stream_bytes = 64 << 20;
    nats.acknowledge_within = Duration::from_secs(2);
    nats
}

/// A client that waits for the server.
pub(crate) async fn client(server: &NatsServer) -> async_nats::Client {
    must(async_nats::connect(server.url())).await.unwrap()
}

/// Writes a file that is its owner's.
pub(crate) fn secret(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

pub(crate) async fn must<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, work).await.expect("it hangs")
}
