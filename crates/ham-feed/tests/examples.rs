//! The example clients of the HieraChain document, as they stand there, against the server of this crate.
//!
//! They all name port 2661, so there is one test.

#![cfg(feature = "server")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::PathBuf;

use ham_feed::server::{FeedServer, FeedServerConfig};
use serde_json::json;
use support::must;
use support::python::{Program, environment};
use tokio::net::TcpListener;
use tokio::process::Command;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/examples").join(name)
}

/// What Cargo built of `examples/`.
fn rust_client() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples/document_client")
}

/// Publishes once the client's subscription is there.
async fn publish(server: &FeedServer) {
    let block = json!({ "block_hash": "ab12", "height": 10 });
    // The block goes to nobody until then.
    must(async {
        while server.publish_block("supply_chain", &block) == 0 {
            tokio::task::yield_now().await
        }
    })
    .await;
    let event = json!({ "entity_id": "e", "event_type": "production_complete" });
    assert_eq!(server.publish_event("supply_chain", &event), 1);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
async fn the_documents_clients_run_as_they_stand_there() {
    let listener =
        TcpListener::bind("127.0.0.1:2661").await.expect("port 2661 is what the document's clients dial");
    let server = FeedServer::new(FeedServerConfig::default()).unwrap();
    let router = server.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let mut clients = vec![("rust", Command::new(rust_client()), ["ab12", "production_complete"])];
    if let Some(python) = environment("websockets", &["websockets"]).await {
        let mut command = Command::new(python);
        command.arg("-u").arg(file("client.py"));
        clients.push(("python", command, ["New block: ab12", "New event: production_complete"]));
    }
    // Version 22 has it switched on; the flag is known since 20.10.
    let node = Command::new("node").args(["--experimental-websocket", "--version"]).output().await;
    if node.is_ok_and(|ran| ran.status.success()) {
        let mut command = Command::new("node");
        command.arg("--experimental-websocket").arg(file("client.js"));
        clients.push(("javascript", command, ["New block: ab12", "New event: production_complete"]));
    } else {
        println!("SKIPPED: there is no node with a WebSocket on this machine");
    }
    for (language, mut command, lines) in clients {
        let mut client = Program::start(&mut command);
        publish(&server).await;
        for words in lines {
            println!("{language}: {}", client.line(words).await);
        }
        client.kill().await;
        // The next one must not be mistaken for this one.
        must(async {
            while server.connections() > 0 {
                tokio::task::yield_now().await
            }
        })
        .await;
    }
    server.shutdown().await;
}
