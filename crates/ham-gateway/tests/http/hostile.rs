//! Clients that are slow, large, many or sly. Each bound is met; none of them delays another client.

use std::time::Duration;

use ham_gateway::Config;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::must;
use crate::stage::{PROBE, Stage};

/// So short that nobody waits, so long that nothing else takes it.
const SHORT: Duration = Duration::from_millis(300);

const LONG: Duration = Duration::from_secs(3_600);

async fn connect(stage: &Stage) -> TcpStream {
    TcpStream::connect(stage.server.address()).await.unwrap()
}

/// A connection over which one request was answered so.
async fn idle(stage: &Stage, headers: &str, answered: &str) -> TcpStream {
    let mut stream = connect(stage).await;
    assert_eq!(asked(&mut stream, headers).await, answered);
    stream
}

/// What the list of apps is answered with.
async fn asked(stream: &mut TcpStream, headers: &str) -> String {
    let request = format!("GET /api/v1/apps HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answered = status(stream).await;
    // The whole of it: it has a length.
    let mut answer = Vec::new();
    let length = loop {
        answer.push(stream.read_u8().await.unwrap());
        let head = String::from_utf8_lossy(&answer).to_lowercase();
        if head.ends_with("\r\n\r\n") {
            let (_, length) = head.split_once("content-length: ").unwrap();
            break length.split_once('\r').unwrap().0.parse().unwrap();
        }
    };
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    answered
}

async fn status(stream: &mut TcpStream) -> String {
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).await.unwrap();
    String::from_utf8_lossy(&begin[9..]).into_owned()
}

/// What is answered until the gateway ends the connection.
async fn end_of(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is reset has ended as well.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn sent(stage: &Stage, text: &str) -> String {
    let mut stream = connect(stage).await;
    stream.write_all(text.as_bytes()).await.unwrap();
    end_of(stream).await
}

fn limited(change: impl FnOnce(&mut Config)) -> impl FnOnce(Config) -> Config {
    |mut config| {
        change(&mut config);
        config
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_nothing_or_says_it_slowly_is_let_go() {
    let stage = Stage::with(limited(|config| {
        config.limits.first_request = SHORT;
        config.limits.head = SHORT;
        config.limits.body = SHORT;
    }))
    .await;
    stage.server.ready().await;
    // Nothing at all; a head without an end; nothing after an answer.
    assert_eq!(end_of(connect(&stage).await).await, "");
    let head = sent(&stage, "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await;
    assert!(!head.contains(" 200 "), "{head}");
    let idle = sent(&stage, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(idle.starts_with("HTTP/1.1 200 OK\r\n") && idle.ends_with("Ok"), "{idle}");
    // A body without an end.
    let call = format!(
        "POST {PROBE}/echo_text HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
        stage.key
    );
    let body = sent(&stage, &format!("{call}Content-Length: 10\r\n\r\n\"")).await;
    assert!(body.starts_with("HTTP/1.1 408 ") && body.contains("#body-too-slow"), "{body}");
    // One that breaks off.
    let mut stream = connect(&stage).await;
    stream.write_all(format!("{call}Content-Length: 10\r\n\r\n\"").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(!end_of(stream).await.contains(" 200 "));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_bodies_are_bounded() {
    let stage = Stage::start().await;
    let flood = "X-Flood: x\r\n".repeat(101);
    let many = sent(&stage, &format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{flood}\r\n")).await;
    assert!(many.starts_with("HTTP/1.1 431 "), "{many}");
    let long = "x".repeat(70 << 10);
    let large =
        sent(&stage, &format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n")).await;
    assert!(large.starts_with("HTTP/1.1 431 ") || large.is_empty(), "{large}");
    let line = sent(&stage, &format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
    assert!(line.starts_with("HTTP/1.1 4") || line.is_empty(), "{line}");
    let call = format!(
        "POST {PROBE}/echo_text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
        stage.key
    );
    // What says that it is too large is not read.
    let said = sent(&stage, &format!("{call}Content-Length: 99999999999\r\n\r\n")).await;
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    let mut chunks = format!("{call}Transfer-Encoding: chunked\r\n\r\n");
    for _ in 0..33 {
        chunks += &format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    }
    let mut stream = connect(&stage).await;
    // It may be answered before all of it is sent.
    let _ = stream.write_all(format!("{chunks}0\r\n\r\n").as_bytes()).await;
    let mut answer = [0; 13];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413 ");
    stage.end().await;
}

/// Lengths that contradict each other are how requests are smuggled past a proxy.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_in_two_ways_is_not_read() {
    let stage = Stage::start().await;
    for head in [
        "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET /health HTTP/1.1\r\n\r\n",
        "GET //health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /health/%2e%2e/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n",
        "GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ] {
        let mut stream = connect(&stage).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = end_of(stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{head:?}: {answer}");
        assert!(!answer.contains(" 200 "), "{head:?}: {answer}");
    }
    stage.end().await;
}

/// Those that had each sent one request, also a refused one, kept everybody else out for half a minute.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_idle_connections_delay_nobody_and_make_room() {
    let stage = Stage::with(limited(|config| {
        config.limits.connections = 1_000;
        // Opening a thousand may take a while.
        (config.limits.first_request, config.limits.head) = (LONG, LONG);
    }))
    .await;
    stage.server.ready().await;
    let mut known = idle(&stage, &format!("Authorization: Bearer {}\r\n", stage.key), "200").await;
    let mut others = Vec::new();
    for number in 0..1_000 {
        let key = if number < 5 { "Authorization: Bearer wrong\r\n" } else { "" };
        others.push(idle(&stage, key, "401").await);
    }
    let call = || stage.call("echo_text").json(&json!("hello"));
    for _ in 0..3 {
        assert_eq!(call().send().await.status, 200);
    }
    // The first of the others made room, and not the one before them that had shown a key.
    assert_eq!(end_of(others.remove(0)).await, "");
    assert_eq!(asked(&mut known, "Connection: close\r\n").await, "401");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_while_all_are_busy_is_told() {
    let stage = Stage::with(limited(|config| {
        config.limits.connections = 8;
        config.limits.body = LONG;
    }))
    .await;
    stage.server.ready().await;
    let mut busy = Vec::new();
    let call = || stage.call("echo_text").json(&json!("hello"));
    // Once they are seen to be: each is asked to send its body.
    for _ in 0..8 {
        let mut stream = connect(&stage).await;
        let head = format!(
            "POST {PROBE}/echo_text HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n",
            stage.key
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut goes_on = [0; 25];
        stream.read_exact(&mut goes_on).await.unwrap();
        assert_eq!(&goes_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        busy.push(stream);
    }
    let answer = call().send().await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("1")));
    assert!(answer.json()["type"].as_str().unwrap().ends_with("#too-many-connections"), "{answer:?}");
    // One that is done makes room, with its answer.
    busy[0].write_all(b"\"hello\"").await.unwrap();
    assert_eq!(status(&mut busy[0]).await, "200");
    must(async { while call().send().await.status == 503 {} }).await;
    assert!(end_of(busy.remove(0)).await.ends_with("\"hello\""));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_its_answer_is_let_go() {
    let stage = Stage::with(limited(|config| {
        config.limits.connections = 1;
        config.limits.slow_write = SHORT;
        config.limits.body_bytes = 15 << 20;
    }))
    .await;
    stage.server.ready().await;
    // A text of MessagePack.
    let large = 14_u32 << 20;
    let head = format!(
        "POST {PROBE}/echo_text HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/msgpack\r\nContent-Length: {}\r\n\r\n",
        stage.key,
        large + 5
    );
    let mut deaf = connect(&stage).await;
    deaf.write_all(head.as_bytes()).await.unwrap();
    deaf.write_all(&[&[0xdb][..], &large.to_be_bytes()].concat()).await.unwrap();
    deaf.write_all(&vec![b'x'; large as usize]).await.unwrap();
    // Its place is free again.
    let call = || stage.call("echo_text").json(&json!("hello"));
    must(async { while call().send().await.status == 503 {} }).await;
    assert!(end_of(deaf).await.len() < large as usize);
    stage.end().await;
}
