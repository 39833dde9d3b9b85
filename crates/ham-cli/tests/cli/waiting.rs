//! `--wait` for servers that are no conductors: each failed attempt is told, and what waiting does not heal ends it.

use std::net::SocketAddr;

use axum::extract::ws::WebSocketUpgrade;
use ham_feed::server::{FeedServer, FeedServerConfig};
use ham_testkit::server::{Behaviour, Message, Server, ServerEvent};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket};

use crate::support::{Ham, no_secret};

/// A port that refuses until it is listened on: bound, so that nobody else gets it.
fn reserved() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Pauses so short that a test need not wait for them.
fn ham() -> Ham {
    Ham::new()
        .with("HAM_RECONNECT_BACKOFF_INITIAL_MS", 20)
        .with("HAM_RECONNECT_BACKOFF_MAX_MS", 100)
        .with("HAM_RECONNECT_BACKOFF_ESCALATE_AFTER", 2)
}

fn attempt(note: &str) -> u64 {
    let digits = note.split("attempt ").nth(1).unwrap().split(':').next().unwrap();
    digits.parse().unwrap()
}

#[tokio::test]
async fn a_request_waits_for_its_server_and_tells_each_attempt() {
    let server = Server::start([
        Behaviour::RefuseUpgrade { status: 503 },
        Behaviour::RefuseUpgrade { status: 503 },
        Behaviour::RefuseUpgrade { status: 503 },
        Behaviour::answer(|message: Message| {
            let asked: Value = serde_json::from_slice(message.payload()).unwrap();
            Some(Message::from(json!({ "kind": "done", "in_reply_to": asked["id"] }).to_string()))
        }),
    ])
    .await
    .unwrap();
    let ran = ham().run(&["request", &server.url(), "ask", "--wait", "--json"]).await.ok();
    assert_eq!(ran.json()["kind"], "done");
    let notes: Vec<String> = ran
        .stderr
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["note"].as_str().unwrap().to_owned())
        .filter(|note| note.contains("attempt"))
        .collect();
    assert_eq!(notes.iter().map(|note| attempt(note)).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(notes[0].starts_with("waiting: ") && notes[0].contains("503"), "{notes:?}");
    assert!(notes[2].starts_with("error: "), "{notes:?}");
}

#[tokio::test]
async fn listening_begins_when_the_server_comes() {
    let (socket, address) = reserved();
    let url = format!("ws://{address}/");
    let mut running = ham().start(&["listen", &url, "--wait", "--count", "1", "--json"]);
    running.said("waiting: attempt 1").await;
    running.said("error: attempt 3").await;
    let greet = async |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(async |mut socket| {
            socket.send(r#"{"kind": "first"}"#.into()).await.unwrap();
            while socket.recv().await.is_some() {}
        })
    };
    let router = axum::Router::new().route("/", axum::routing::get(greet));
    let serve = axum::serve(socket.listen(16).unwrap(), router).into_future();
    let heard = async {
        running.said("listening").await;
        assert_eq!(running.line(|_| true).await, r#"{"kind":"first"}"#);
        assert_eq!(running.ended().await, Some(0));
    };
    tokio::select! {
        () = heard => {}
        ended = serve => ended.unwrap(),
    }
}

#[tokio::test]
async fn a_feed_is_subscribed_to_when_its_server_comes() {
    let (socket, address) = reserved();
    let url = format!("ws://{address}/ws");
    let mut running = ham().start(&["feed", &url, "--chain", "a", "--wait"]);
    running.said("waiting: attempt 1").await;
    let server = FeedServer::new(FeedServerConfig::default()).unwrap();
    let serve = axum::serve(socket.listen(16).unwrap(), server.router()).into_future();
    let fed = async {
        running.said("subscribed to the chain `a`").await;
        running.signal(Signal::TERM);
        assert_eq!(running.ended().await, Some(143));
    };
    tokio::select! {
        () = fed => {}
        ended = serve => ended.unwrap(),
    }
}

#[tokio::test]
async fn waiting_ends_at_its_bound_or_when_it_does_not_help() {
    let ran = ham().run(&["request", "ws://127.0.0.1:1/", "ask", "--wait", "--timeout", "1s"]).await;
    ran.failed(3, &["waiting: attempt 1", "gave up waiting", "start the server"]);

    let refusing = Server::start([Behaviour::RefuseUpgrade { status: 401 }]).await.unwrap();
    let commands = |url: &str| {
        let of = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        [of(&["request", url, "ask"]), of(&["listen", url]), of(&["feed", url, "--chain", "a"])]
    };
    for (nth, command) in commands(&refusing.url()).into_iter().enumerate() {
        let ham = ham();
        let token = ham.file("token", "s3cret-4711");
        let wait = ["--wait", "--token-file", &token].map(str::to_owned);
        let ran = ham.run(&[&command[..], &wait].concat()).await;
        ran.failed(3, &["the server refuses the token", "401", "--token-file"]);
        assert!(!ran.stderr.contains("attempt"), "{ran}");
        no_secret(&ran.all(), b"s3cret-4711");
        let mut events = refusing.events();
        let dials = std::iter::from_fn(|| events.try_next());
        let dials = dials.filter(|event| matches!(event, ServerEvent::Accepted { .. })).count();
        assert_eq!(dials, nth + 1, "{command:?}");
    }
    // What speaks no TLS will not learn it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}/", listener.local_addr().unwrap());
    let serve = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    };
    let asked = async {
        for command in commands(&url) {
            let ran = ham().run(&[&command[..], &["--wait".to_owned()]].concat()).await;
            ran.failed(3, &["TLS failed", "certificate"]);
            assert!(!ran.stderr.contains("attempt"), "{ran}");
        }
    };
    tokio::select! {
        () = asked => {}
        () = serve => {}
    }
    for command in commands("http://x/") {
        ham().run(&[&command[..], &["--wait".to_owned()]].concat()).await.failed(2, &["ws://"]);
    }
}

#[tokio::test]
async fn an_interrupt_ends_the_waiting() {
    for command in [&["request", "ws://127.0.0.1:1/", "ask"][..], &["listen", "ws://127.0.0.1:1/"]] {
        let ham = ham().with("HAM_RECONNECT_BACKOFF_MAX_MS", 600_000);
        let ham = ham.with("HAM_RECONNECT_BACKOFF_INITIAL_MS", 600_000);
        let mut running = ham.start(&[command, &["--wait"]].concat());
        running.said("waiting: attempt 1").await;
        running.signal(Signal::INT);
        assert_eq!(running.ended().await, Some(130), "{command:?}");
    }
}
