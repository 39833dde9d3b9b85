//! The client against the server that people install: `hierachain` 0.2.0.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};

use ham_feed::{Dialect, FeedClient, FeedItem, GapCause, Topic};
use serde_json::{Value, json};
use support::python::{Program, environment};
use support::{BOUND, config, must, next};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

/// The server, in a directory of its own.
struct HieraChain {
    program: Program,
    port: u16,
    _directory: TempDir,
}

impl HieraChain {
    /// On a free port for 0.
    async fn start(python: &Path, port: u16) -> Self {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/hierachain/server.py");
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(python);
        command.arg(script).arg(port.to_string()).current_dir(&directory);
        // Its peer-to-peer part is not what is tested: any free port, and only here.
        command.env("HRC_P2P_HOST", "127.0.0.1").env("HRC_P2P_PORT", "0");
        let mut program = Program::start(&mut command);
        let line = program.line("listening on").await;
        let port = line.rsplit(' ').next().unwrap().parse().unwrap();
        Self { program, port, _directory: directory }
    }

    fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/ws", self.port)
    }

    /// Has its own broadcast functions called.
    async fn publish(&self, what: &str, chain: &str, data: Value) {
        let body = json!({ "what": what, "chain_name": chain, "data": data }).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!(
            "POST /ham/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        must(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

async fn python() -> Option<PathBuf> {
    environment("hierachain-0.2.0", &["hierachain==0.2.0", "websockets"]).await
}

#[tokio::test]
async fn the_installed_server_is_subscribed_to_asked_and_left() {
    let Some(python) = python().await else { return };
    let server = HieraChain::start(&python, 0).await;
    let client = FeedClient::new(config(&server.url())).unwrap();
    let mut feed = must(client.subscribe(Topic::chain("supply_chain"), BOUND)).await.unwrap();
    assert_eq!(feed.dialect(), Some(Dialect::HieraChain02));
    feed.ping(BOUND).await.unwrap();
    let stats = support::value(&feed.stats(BOUND).await.unwrap());
    assert_eq!((&stats["total_connections"], &stats["chains"]["supply_chain"]), (&json!(1), &json!(1)));
    let info = support::value(&feed.connection_info(BOUND).await.unwrap());
    assert_eq!(info["chain_name"], "supply_chain");

    // One of some types gets these only, although the server sends it all of the chain.
    let topic = Topic::chain("supply_chain").with_event_type("production_complete");
    let mut some = must(client.subscribe(topic, BOUND)).await.unwrap();
    server.publish("block", "supply_chain", json!({ "block_hash": "ab12", "height": 10 })).await;
    server.publish("block", "other", json!({ "height": 1 })).await;
    server.publish("event", "supply_chain", json!({ "entity_id": "e", "event_type": "started" })).await;
    server
        .publish("event", "supply_chain", json!({ "entity_id": "e", "event_type": "production_complete" }))
        .await;
    let FeedItem::Block { chain_name, data } = next(&mut feed).await else { panic!("the block") };
    assert_eq!((chain_name.as_str(), &support::value(&data)["block_hash"]), ("supply_chain", &json!("ab12")));
    for wanted in ["started", "production_complete"] {
        let FeedItem::Event { event_type, .. } = next(&mut feed).await else { panic!("the event") };
        assert_eq!(event_type.as_deref(), Some(wanted));
    }
    let FeedItem::Event { event_type, .. } = next(&mut some).await else { panic!("the event") };
    assert_eq!(event_type.as_deref(), Some("production_complete"));

    some.unsubscribe(BOUND).await.unwrap();
    feed.unsubscribe(BOUND).await.unwrap();
}

#[tokio::test]
async fn a_killed_server_is_a_gap_and_its_successor_is_subscribed_to() {
    let Some(python) = python().await else { return };
    let server = HieraChain::start(&python, 0).await;
    let client = FeedClient::new(config(&server.url())).unwrap();
    let mut feed = must(client.subscribe(Topic::chain("supply_chain"), BOUND)).await.unwrap();
    server.publish("block", "supply_chain", json!({ "height": 1 })).await;
    assert_eq!(support::height(&next(&mut feed).await), 1);
    let port = server.port;
    server.program.kill().await;
    assert!(matches!(next(&mut feed).await, FeedItem::Gap { cause: GapCause::LinkLost(_), .. }));
    let server = HieraChain::start(&python, port).await;
    // It answers a ping behind the subscription, so the subscription is there.
    must(feed.ping(BOUND)).await.unwrap();
    server.publish("block", "supply_chain", json!({ "height": 2 })).await;
    assert_eq!(support::height(&next(&mut feed).await), 2);
}
