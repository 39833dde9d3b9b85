//! `ham feed`, against the server of ham-feed.

use std::net::SocketAddr;

use ham_feed::server::{FeedServer, FeedServerConfig};
use rustix::process::Signal;
use serde_json::json;

use crate::support::{Ham, no_secret};

#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
async fn serve(config: FeedServerConfig) -> (FeedServer, SocketAddr) {
    let server = FeedServer::new(config).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = server.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (server, address)
}

#[tokio::test]
async fn blocks_and_events_are_printed_as_they_come() {
    let (server, address) =
        serve(FeedServerConfig::default().with_tokens(["s3cret"]).with_chains(["a"])).await;
    let ham = Ham::new();
    let token = ham.file("token", "s3cret\n");
    let url = format!("ws://{address}/ws");
    let arguments = ["feed", &url, "--chain", "a", "--token-file", &token, "--count", "2", "--json", "-vvv"];
    let mut running = ham.start(&arguments);
    running.said("subscribed to the chain `a`").await;
    server.publish_block("a", &json!({ "height": 10 }));
    server.publish_event("a", &json!({ "event_type": "t" }));
    let block = running.line(|line| line.contains("block")).await;
    assert_eq!(block, r#"{"type":"block","chain":"a","data":{"height":10}}"#);
    let event = running.line(|line| line.contains("event")).await;
    assert_eq!(event, r#"{"type":"event","chain":"a","event_type":"t","data":{"event_type":"t"}}"#);
    assert_eq!(running.ended().await, Some(0));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let (_server, address) =
        serve(FeedServerConfig::default().with_tokens(["s3cret"]).with_chains(["a"])).await;
    let ham = Ham::new();
    let (token, wrong) = (ham.file("token", "s3cret"), ham.file("wrong", "an0ther"));
    let url = format!("ws://{address}/ws");
    let refused = ham.run(&["feed", &url, "--chain", "a", "--token-file", &wrong, "-vvv"]).await;
    refused.failed(3, &["token", "--token-file"]);
    no_secret(&refused.all(), b"an0ther");
    ham.run(&["feed", &url, "--chain", "b", "--token-file", &token])
        .await
        .failed(1, &["unknown chain: b", "--chain"]);
    ham.run(&["feed", "ws://127.0.0.1:1/ws", "--chain", "a"])
        .await
        .failed(3, &["nothing is listening there"]);
    ham.run(&["feed", &url]).await.failed(2, &["--chain"]);
    let bad = ham.run(&["feed", "http://x/?token=s3cret", "--chain", "a"]).await;
    bad.failed(2, &["ws://"]);
    no_secret(&bad.all(), b"s3cret");
}

#[tokio::test]
async fn an_interrupted_feed_ends() {
    let (_server, address) = serve(FeedServerConfig::default()).await;
    let ham = Ham::new();
    let url = format!("ws://{address}/ws");
    let mut running = ham.start(&["feed", &url, "--chain", "a"]);
    running.said("subscribed").await;
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

/// Numbers were read as floats: 123456789012345678901234567890 was printed as 1.2345678901234568e29, and a block with 1e400 was lost.
#[tokio::test]
async fn every_number_is_printed_as_it_came() {
    use ham_testkit::server::{Behaviour, Message, Server};
    let server = Server::start([Behaviour::Driven]).await.unwrap();
    let url = server.url();
    for json in [true, false] {
        let ham = Ham::new();
        let mut arguments = vec!["feed", &url, "--chain", "a", "--dialect", "documented", "--count", "1"];
        arguments.extend(json.then_some("--json"));
        let mut running = ham.start(&arguments);
        let mut peer = server.next_peer().await.unwrap();
        for _ in 0..2 {
            peer.receive().await.unwrap();
        }
        let data = "{\"big\": 123456789012345678901234567890,\n\"bigger\": 1e400, \"cents\": 0.10}";
        let block = format!(r#"{{"type":"new_block","chain_name":"a","data":{data}}}"#);
        for said in [r#"{"type":"pong","timestamp":1}"#, &block] {
            peer.send(Message::Text(said.to_owned())).await.unwrap();
        }
        let line = running.line(|line| line.contains("block")).await;
        assert!(line.contains(&data.replace('\n', " ")), "{line}");
        assert_eq!(running.ended().await, Some(0));
    }
}

/// The documented dialect, from a shell: lines in, a feed out.
#[tokio::test]
async fn lines_are_served_and_followed() {
    let ham = Ham::new();
    let tokens = ham.file("tokens", "0ne\ntw0\n");
    let token = ham.file("token", "tw0");
    let fifo = ham.home.path().join("lines");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let fifo = fifo.display().to_string();
    let serve = [
        "feed",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--from",
        &fifo,
        "--token-file",
        &tokens,
        "--chain",
        "a",
    ];
    let mut serving = ham.start(&serve);
    let line = serving.line(|line| line.contains("listening on")).await;
    let url = line.rsplit(' ').next().unwrap();
    ham.run(&["feed", url, "--chain", "a"]).await.failed(3, &["token"]);
    ham.run(&["feed", url, "--chain", "b", "--token-file", &token]).await.failed(1, &["unknown chain: b"]);
    let mut following = ham.start(&["feed", url, "--chain", "a", "--token-file", &token, "--json"]);
    following.said("subscribed to the chain `a`").await;
    // Two writers, one after the other: a FIFO has no end between them.
    std::fs::write(
        &fifo,
        "{\"type\":\"new_block\",\"chain_name\":\"a\",\"data\":{\"height\":1}}\nnonsense\n\
         {\"type\":\"new_block\",\"chain_name\":\"b\",\"data\":1}\n",
    )
    .unwrap();
    let block = following.line(|line| line.contains("block")).await;
    assert_eq!(block, r#"{"type":"block","chain":"a","data":{"height":1}}"#);
    serving.said("line 2: ").await;
    serving.said("line 3: its chain is not one of those given with --chain").await;
    std::fs::write(&fifo, "{\"type\":\"gap\",\"chain_name\":\"a\",\"cause\":\"lagged\",\"missed\":3}\n")
        .unwrap();
    let gap = following.line(|line| line.contains("gap")).await;
    assert_eq!(gap, r#"{"type":"gap","cause":"lagged","detail":"3 were dropped here"}"#);
    // As the command's page describes it.
    std::fs::write(&fifo, "{\"type\":\"gap\",\"chain_name\":\"a\",\"cause\":\"rebuilt\",\"missed\":2}\n")
        .unwrap();
    let gap = following.line(|line| line.contains("gap")).await;
    let shown = r#"{"type":"gap","cause":"link_lost","detail":"rebuilt","code":null,"reason":"rebuilt"}"#;
    assert_eq!(gap, shown);
    serving.signal(Signal::TERM);
    serving.said("3 published, 2 faulty, and the server stopped").await;
    assert_eq!(serving.ended().await, Some(143));
    following.signal(Signal::INT);
    assert_eq!(following.ended().await, Some(130));
}

#[tokio::test]
async fn a_server_can_end_with_its_lines() {
    let ham = Ham::new();
    let lines = "{\"type\":\"new_event\",\"chain_name\":\"a\",\"data\":{\"event_type\":\"t\"}}\n";
    let serve = ["feed", "serve", "--listen", "127.0.0.1:0", "--end-with-input", "--json"];
    let ran = ham.run_with(&serve, lines.as_bytes()).await.ok();
    assert!(ran.text().contains(r#"{"url":"ws://127.0.0.1:"#), "{ran}");
    assert!(ran.stderr.contains("1 published, 0 faulty"), "{ran}");
    let empty = ham.file("empty", "\n");
    ham.run(&["feed", "serve", "--token-file", &empty]).await.failed(2, &["holds no tokens"]);
    ham.run(&["feed", "serve", "--from", "/nowhere"]).await.failed(2, &["/nowhere"]);
    let (_server, address) = self::serve(FeedServerConfig::default()).await;
    let taken = address.to_string();
    ham.run(&["feed", "serve", "--listen", &taken]).await.failed(8, &["cannot listen", "--listen"]);
}
