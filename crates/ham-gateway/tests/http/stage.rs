//! A conductor, and a gateway before it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use ham_devconductor::DevConductor;
use ham_gateway::{Allows, Config, NewKey, Scope, Server};

use crate::client::{Asking, get, post};

/// The app's id.
pub(crate) const APP: &str = "shop";
/// Where its functions are called.
pub(crate) const PROBE: &str = "/api/v1/apps/shop/roles/probe/zomes/probe/fns";

pub(crate) struct Stage {
    pub(crate) conductor: DevConductor,
    pub(crate) server: Server,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) key: String,
}

impl Stage {
    /// With one key that may call everything of the app.
    pub(crate) async fn start() -> Self {
        Self::with(|config| config).await
    }

    pub(crate) async fn with(change: impl FnOnce(Config) -> Config) -> Self {
        let conductor = conductor().await;
        let directory = tempfile::tempdir().unwrap();
        let key = NewKey::new().unwrap();
        write_keys(&directory.path().join("keys.toml"), &everything(&key));
        let config = change(config(conductor.admin_port(), directory.path()));
        let server = Server::start(config).await.unwrap();
        Self { conductor, server, directory, key: key.expose().to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Asking {
        get(self.server.address(), path)
    }

    pub(crate) fn post(&self, path: &str) -> Asking {
        post(self.server.address(), path)
    }

    /// A request that shows the key.
    pub(crate) fn call(&self, function: &str) -> Asking {
        post(self.server.address(), &format!("{PROBE}/{function}")).key(&self.key)
    }

    pub(crate) async fn end(self) {
        self.server.stop().await;
        self.conductor.shut_down().await;
    }
}

/// Resolves once a gateway has seen that its conductor is gone.
pub(crate) async fn lost(address: SocketAddr) {
    let lost = async { while get(address, "/health/ready").send().await.status == 200 {} };
    tokio::time::timeout(BOUND, lost).await.expect("it is lost");
}

/// Running into it means a hang.
const BOUND: Duration = Duration::from_secs(300);

pub(crate) async fn conductor() -> DevConductor {
    let conductor = DevConductor::start().await.unwrap();
    conductor.install(bundle(), Some(APP.into())).await.unwrap();
    conductor
}

pub(crate) fn bundle() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe.happ")).unwrap()
}

/// On a free port, with the keys of a directory.
pub(crate) fn config(admin_port: u16, directory: &Path) -> Config {
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[conductor]\nadmin_url = \"ws://localhost:{admin_port}\"\n[[app]]\nid = \"{APP}\"\n"
    );
    Config::parse(&text).unwrap().with_keys(directory.join("keys.toml"))
}

/// The stanza of a key that may call everything of the app.
pub(crate) fn everything(key: &NewKey) -> String {
    key.stanza_with("everything", &allows(&[APP]))
}

/// Calling every function of these apps.
pub(crate) fn allows(apps: &[&str]) -> Allows {
    let apps = apps.iter().map(|app| (*app).to_owned()).collect();
    Allows { scopes: vec![Scope::Calls, Scope::Feed], apps, functions: vec!["**".into()], chains: Vec::new() }
}

pub(crate) fn write_keys(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
