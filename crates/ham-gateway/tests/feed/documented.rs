//! HieraChain's documented clients, as they stand in its document, and a zome call.

use std::path::PathBuf;

use ham_gateway::{Config, Server};
use serde_json::json;
use tokio::process::Command;

use crate::client::post;
use crate::must;
use crate::python::{Program, environment};
use crate::stage::{APP, conductor};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ham-feed/tests/examples").join(name)
}

/// They all name port 2661 and show no key, so this is a gateway for developing.
#[tokio::test(flavor = "multi_thread")]
async fn the_documents_clients_are_told_of_zome_calls() {
    let conductor = conductor().await;
    let mut config = Config::dev(conductor.admin_port(), [APP.to_owned()]);
    config.app[0].ready = vec!["features".to_owned()];
    config.feed.chains = [("supply_chain".to_owned(), format!("{APP}/features"))].into();
    let server = Server::start(config).await.expect("port 2661 is what the document's clients dial");
    must(server.ready()).await;
    let mut clients = Vec::new();
    if let Some(python) = environment("websockets", &["websockets"]).await {
        let mut command = Command::new(python);
        command.arg("-u").arg(file("client.py"));
        clients.push(("python", command));
    }
    // Version 22 has it switched on; the flag is known since 20.10.
    let node = Command::new("node").args(["--experimental-websocket", "--version"]).output().await;
    if node.is_ok_and(|ran| ran.status.success()) {
        let mut command = Command::new("node");
        command.arg("--experimental-websocket").arg(file("client.js"));
        clients.push(("javascript", command));
    }
    for (language, mut command) in clients {
        let mut client = Program::start(&mut command);
        // Until its subscription is there, nobody is told.
        let followed = async || {
            let status = crate::client::get(server.address(), "/ws/status").send().await.json();
            status["stats"]["chains"]["supply_chain"] == 1
        };
        must(async { while !followed().await {} }).await;
        let path = format!("/api/v1/apps/{APP}/roles/features/zomes/features/fns/create_note");
        let hash = post(server.address(), &path).json(&json!(language)).send().await.json();
        let block = client.line("New block").await;
        assert!(block.ends_with(hash["$hash"].as_str().unwrap()), "{block}");
        println!("{language}: {}", client.line("New event: committed").await);
        client.kill().await;
        must(async { while followed().await {} }).await;
    }
    must(server.stop()).await;
    conductor.shut_down().await;
}
