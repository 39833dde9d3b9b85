//! `ham request` and `ham listen` against servers that are no conductors.

use std::time::Duration;

use ham_testkit::server::{Behaviour, Message, Peer, Server, ServerEvent};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Ham, no_secret};

const TOKEN: &str = "hush-4711-secret";

fn answer(kind: &'static str) -> Behaviour {
    Behaviour::answer(move |message: Message| {
        let asked: Value = serde_json::from_slice(message.payload()).unwrap();
        let text =
            json!({ "kind": kind, "in_reply_to": asked["id"], "payload": asked["payload"], "asked": asked });
        Some(Message::from(text.to_string()))
    })
}

#[tokio::test]
async fn a_request_is_answered() {
    let server = Server::start([answer("done")]).await.unwrap();
    let ham = Ham::new();
    let people = ham.run(&["request", &server.url(), "ask", r#"{"a": 1}"#]).await.ok();
    assert!(people.text().contains("\n  \"kind\": \"done\""), "{people}");
    let shown = ham
        .run(&[
            "request",
            &server.url(),
            "ask",
            "123456789012345678901234567890",
            "--json",
            "--target-aspect",
            "x",
        ])
        .await
        .ok();
    assert_eq!(shown.text().lines().count(), 1, "{shown}");
    let shown = shown.json();
    assert_eq!((&shown["kind"], &shown["asked"]["kind"]), (&json!("done"), &json!("ask")));
    assert_eq!(shown["asked"]["target_aspect"], "x");
    let file = ham.file("payload.json", "[1]");
    let shown = ham.run(&["request", &server.url(), "ask", &format!("@{file}"), "--json"]).await.ok().json();
    assert_eq!(shown["payload"], json!([1]));
    let shown = ham.run_with(&["request", &server.url(), "ask", "-", "--json"], b"[\n2]").await.ok().json();
    assert_eq!(shown["payload"], json!([2]));
}

#[tokio::test]
async fn an_error_is_printed_and_ends_with_1() {
    let server = Server::start([answer("error")]).await.unwrap();
    let ran = Ham::new().run(&["request", &server.url(), "ask", "--json"]).await;
    ran.failed(1, &["answered with an error"]);
    assert_eq!(ran.json()["kind"], "error");
}

#[tokio::test]
async fn no_connection_is_told_with_what_to_do() {
    let ham = Ham::new();
    for command in [&["request", "ws://127.0.0.1:1/", "ask"][..], &["listen", "ws://127.0.0.1:1/"]] {
        ham.run(command).await.failed(3, &["127.0.0.1:1", "start the server"]);
    }
    let server = Server::start([Behaviour::RefuseUpgrade { status: 401 }]).await.unwrap();
    ham.run(&["request", &server.url(), "ask"]).await.failed(3, &["401", "--token-file"]);
    ham.run(&["listen", &server.url()]).await.failed(3, &["401", "--token-file"]);
}

#[tokio::test]
async fn a_time_out_after_sending_is_an_unknown_outcome() {
    let server = Server::start([Behaviour::Silent]).await.unwrap();
    let ran = Ham::new().run(&["request", &server.url(), "ask", "--timeout", "2s"]).await;
    ran.failed(4, &["timed out", "check before sending it again"]);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_is_dialled() {
    let ham = Ham::new();
    let ask = async |payload: &str| ham.run(&["request", "ws://127.0.0.1:1/", "ask", payload]).await;
    ask("{").await.failed(2, &["not valid JSON", "line 1"]);
    ask("@/nonexistent.json").await.failed(2, &["/nonexistent.json"]);
    ham.run(&["request", "ws://127.0.0.1:1/", ""]).await.failed(2, &["kind"]);
    ham.run(&["request", "ws://127.0.0.1:1/", "ask", "-", "--token-file", "-"])
        .await
        .failed(2, &["standard input"]);
    let empty = ham.file("empty", "\n");
    ham.run(&["listen", "ws://127.0.0.1:1/", "--token-file", &empty]).await.failed(2, &["must hold a token"]);
    for url in [format!("http://x/?token={TOKEN}"), format!("{TOKEN}@@"), format!("ws://[{TOKEN}/")] {
        for command in [&["request", &url, "ask", "-vvv"][..], &["listen", &url, "-vvv"]] {
            let ran = ham.run(command).await;
            ran.failed(2, &["ws://"]);
            no_secret(&ran.all(), TOKEN.as_bytes());
        }
    }
}

#[tokio::test]
async fn the_token_is_sent_and_never_printed() {
    let server = Server::start([Behaviour::answer(|message: Message| {
        let asked: Value = serde_json::from_slice(message.payload()).unwrap();
        Some(Message::from(json!({ "kind": "done", "in_reply_to": asked["id"] }).to_string()))
    })])
    .await
    .unwrap();
    let ham = Ham::new();
    let file = ham.file("token", format!("{TOKEN}\n"));
    let ran = ham.run(&["request", &server.url(), "ask", "--token-file", &file, "-vvv"]).await.ok();
    no_secret(&ran.all(), TOKEN.as_bytes());
    let sent = |event: &ServerEvent| match event {
        ServerEvent::Upgraded { upgrade, .. } => {
            upgrade.header("authorization") == Some(&format!("Bearer {TOKEN}"))
        }
        _ => false,
    };
    server.events().wait_for(sent).await.unwrap();
    // Nor one in the URL, whatever goes wrong.
    let server = Server::start([Behaviour::RefuseUpgrade { status: 401 }]).await.unwrap();
    for url in [format!("{}?token={TOKEN}", server.url()), format!("ws://127.0.0.1:1/?token={TOKEN}")] {
        for command in
            [&["request", &url, "ask", "-vvv"][..], &["listen", &url, "-vvv", "--token-file", &file]]
        {
            let ran = ham.run(command).await;
            ran.failed(3, &[]);
            no_secret(&ran.all(), TOKEN.as_bytes());
        }
    }
}

#[tokio::test]
async fn listening_prints_tells_gaps_and_ends_after_count() {
    let server = Server::start([Behaviour::Driven]).await.unwrap();
    let ham = Ham::new();
    let mut running = ham.start(&["listen", &server.url(), "--count", "2", "--json"]);
    let mut peer = server.next_peer().await.unwrap();
    peer.send(r#"{"kind": "first"}"#).await.unwrap();
    peer.send("no envelope").await.unwrap();
    let mut next = async || -> Value { serde_json::from_str(&running.line(|_| true).await).unwrap() };
    assert_eq!(next().await["kind"], "first");
    assert_eq!(next().await["type"], "skipped");
    drop(peer);
    let gap = next().await;
    assert_eq!((&gap["type"], &gap["code"], gap["reason"].is_string()), (&json!("gap"), &Value::Null, true));
    let mut peer = server.next_peer().await.unwrap();
    peer.send("{\"kind\": \"second\",\n\"payload\": [1,\n2]}").await.unwrap();
    assert_eq!(next().await["payload"], json!([1, 2]));
    assert_eq!(running.ended().await, Some(0));
}

#[tokio::test]
async fn what_a_slow_reader_of_the_output_misses_is_told_in_its_place() {
    /// Four times what the queue and the pipe behind it hold.
    const SENT: u64 = 6_000;
    let server = Server::start([Behaviour::Driven]).await.unwrap();
    let mut running = Ham::new().start(&["listen", &server.url(), "--json"]);
    let mut peer = server.next_peer().await.unwrap();
    let body = "x".repeat(1_000);
    for nth in 1..=SENT {
        let envelope = json!({ "kind": "numbered", "payload": { "nth": nth, "body": body } });
        peer.send(envelope.to_string()).await.unwrap();
    }
    // The close is answered behind all of them: everything was received, and nothing was read from the output yet.
    peer.close(1000).await.unwrap();
    let (mut shown, mut missed) = (0, 0);
    while shown + missed < SENT {
        let line: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
        if line["kind"] == "numbered" {
            shown += 1;
            assert_eq!(line["payload"]["nth"], shown + missed, "out of its place");
        } else if line["type"] == "missed" {
            missed += line["count"].as_u64().unwrap();
        }
    }
    assert!(shown > 0 && missed > SENT / 2, "{shown} shown, {missed} missed");
    // It goes on on the next link.
    let mut peer = server.next_peer().await.unwrap();
    peer.send(r#"{"kind": "later"}"#).await.unwrap();
    running.line(|line| line.contains("later")).await;
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(143));
}

#[tokio::test]
async fn the_token_file_is_read_again_for_each_dial() {
    let server = Server::start([Behaviour::Driven]).await.unwrap();
    let ham = Ham::new();
    let (first, second) = ("hush-4711-first", "hush-4711-second");
    let file = ham.file("token", first);
    let running = ham.start(&["listen", &server.url(), "--token-file", &file, "--count", "1", "-vvv"]);
    let peer = server.next_peer().await.unwrap();
    let sent = |peer: &Peer| peer.upgrade().header("authorization").map(str::to_owned);
    assert_eq!(sent(&peer), Some(format!("Bearer {first}")));
    ham.file("token", second);
    drop(peer);
    let mut peer = server.next_peer().await.unwrap();
    assert_eq!(sent(&peer), Some(format!("Bearer {second}")));
    peer.send(r#"{"kind": "last"}"#).await.unwrap();
    let rest = running.rest().await;
    assert!(rest.contains("last"), "{rest}");
    no_secret(&rest, first.as_bytes());
    no_secret(&rest, second.as_bytes());
}

#[tokio::test]
async fn signals_end_both() {
    for behaviour in [Behaviour::NeverUpgrade, Behaviour::Silent] {
        for command in ["request", "listen"] {
            let server = Server::start([behaviour.clone()]).await.unwrap();
            let url = server.url();
            let arguments =
                if command == "request" { vec![command, &url, "ask"] } else { vec![command, &url] };
            let running = Ham::new().start(&arguments);
            server.events().wait_for(|event| matches!(event, ServerEvent::Accepted { .. })).await.unwrap();
            running.signal(Signal::INT);
            let ended = tokio::time::timeout(Duration::from_secs(10), running.ended()).await;
            assert_eq!(ended.expect("it does not end"), Some(130), "{command}");
        }
    }
}

/// Neither the code nor the reason was told.
#[tokio::test]
async fn listening_tells_why_the_server_closed() {
    let server = Server::start([Behaviour::Driven]).await.unwrap();
    let mut running = Ham::new().start(&["listen", &server.url(), "--json"]);
    let mut peer = server.next_peer().await.unwrap();
    peer.send(r#"{"kind": "first"}"#).await.unwrap();
    let mut next = async || -> Value { serde_json::from_str(&running.line(|_| true).await).unwrap() };
    assert_eq!(next().await["kind"], "first");
    peer.close_saying(1008, "no such token").await.unwrap();
    let gap = json!({
        "type": "gap",
        "cause": "link_lost",
        "detail": "closed by the server: code 1008, reason \"no such token\"",
        "code": 1008,
        "reason": "no such token",
    });
    assert_eq!(next().await, gap);
}
