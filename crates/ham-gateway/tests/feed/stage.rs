//! A conductor with an app that tells what it commits, and a gateway before it.

use std::path::Path;
use std::time::Duration;

use ham_devconductor::DevConductor;
use ham_feed::{FeedClient, FeedConfig, FeedItem, Subscription, Topic};
use ham_gateway::{Config, NewKey, Server};
use serde_json::{Value, json};

use crate::client::{Answer, post};

/// Reaching it means a hang.
pub(crate) const BOUND: Duration = Duration::from_secs(60);
/// The app's id.
pub(crate) const APP: &str = "shop";

pub(crate) struct Stage {
    pub(crate) conductor: DevConductor,
    pub(crate) server: Server,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) key: String,
}

impl Stage {
    /// With one key that may follow every chain and call everything.
    pub(crate) async fn start() -> Self {
        Self::with(|config, _| config).await
    }

    pub(crate) async fn with(change: impl FnOnce(Config, &Path) -> Config) -> Self {
        let conductor = conductor().await;
        let directory = tempfile::tempdir().unwrap();
        let key = NewKey::new().unwrap();
        write_keys(directory.path(), &stanza(&key, "**"));
        let config = change(config(conductor.admin_port(), directory.path()), directory.path());
        let server = Server::start(config).await.unwrap();
        must(server.ready()).await;
        Self { conductor, server, directory, key: key.expose().to_owned() }
    }

    pub(crate) async fn call(&self, role: &str, zome: &str, function: &str, payload: Value) -> Answer {
        let path = format!("/api/v1/apps/{APP}/roles/{role}/zomes/{zome}/fns/{function}");
        let answer = post(self.server.address(), &path).key(&self.key).json(&payload).send().await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer
    }

    /// The client of ham-feed.
    pub(crate) async fn follow(&self, topic: Topic) -> Subscription {
        let url = format!("ws://{}/ws", self.server.address()).parse().unwrap();
        let config = FeedConfig::new(url).with_endpoint(|endpoint| endpoint.with_token(&self.key));
        must(FeedClient::new(config).unwrap().subscribe(topic, BOUND)).await.unwrap()
    }

    pub(crate) async fn end(self) {
        must(self.server.stop()).await;
        self.conductor.shut_down().await;
    }
}

pub(crate) async fn conductor() -> DevConductor {
    let conductor = DevConductor::start().await.unwrap();
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");
    conductor.install(std::fs::read(bundle).unwrap(), Some(APP.into())).await.unwrap();
    conductor
}

pub(crate) fn config(admin_port: u16, directory: &Path) -> Config {
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[conductor]\nadmin_url = \"ws://localhost:{admin_port}\"\n\
         [[app]]\nid = \"{APP}\"\nready = [\"features\"]\n[feed.chains]\nsupply_chain = \"{APP}/features\"\n"
    );
    Config::parse(&text).unwrap().with_keys(directory.join("keys.toml"))
}

pub(crate) fn stanza(key: &NewKey, chains: &str) -> String {
    key.stanza("all")
        .replace("scopes = [\"calls\"]", "scopes = [\"calls\", \"feed\"]")
        .replace("apps = []", "apps = [\"shop\"]")
        .replace("functions = []", "functions = [\"**\"]")
        .replace("chains = []", &format!("chains = [\"{chains}\"]"))
}

pub(crate) fn write_keys(directory: &Path, text: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let path = directory.join("keys.toml");
    let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

pub(crate) async fn must<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, work).await.expect("it hangs")
}

pub(crate) async fn next(feed: &mut Subscription) -> FeedItem {
    must(feed.next()).await.unwrap()
}

/// The data of a block or an event.
pub(crate) fn data(item: &FeedItem) -> Value {
    match item {
        FeedItem::Block { data, .. } | FeedItem::Event { data, .. } => data.parse().unwrap(),
        other => json!(format!("{other:?}")),
    }
}
