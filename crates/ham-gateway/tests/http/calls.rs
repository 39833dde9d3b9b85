//! Calls without a key: in JSON and MessagePack, answered well or not.

use http::StatusCode;
use serde_json::json;

use crate::client::post;
use crate::stage::{PROBE, Stage, lost};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_called_in_json_and_in_messagepack() {
    let stage = Stage::start().await;
    let answer = stage.call("echo_text").json(&json!("hello")).header("x-request-id", "mine").send().await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!("hello")));
    assert_eq!(answer.header("ham-outcome"), Some("answered"));
    assert_eq!(answer.header("x-request-id"), Some("mine"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let packed = b"\xa5hello".as_slice();
    let answer =
        stage.call("echo_text").header("content-type", "application/x-msgpack").body(packed).send().await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, packed));
    assert_eq!(answer.header("content-type"), Some("application/vnd.msgpack"));
    let answer =
        stage.call("echo_text").json(&json!("hello")).header("accept", "application/msgpack").send().await;
    assert_eq!(&*answer.body, packed);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_error_says_what_it_left() {
    let stage = Stage::start().await;
    let cases = [
        ("fail", json!("no"), 422, "zome-error"),
        ("create_item", json!({ "call_id": "i", "body": "invalid" }), 422, "invalid-commit"),
        ("no_such_function", json!(null), 404, "function-not-found"),
    ];
    for (function, payload, status, name) in cases {
        let answer = stage.call(function).json(&payload).send().await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, name), "{answer:?}");
        let problem = answer.json();
        assert_eq!((&problem["outcome"], &problem["effect"]), (&json!("answered"), &json!("nothing")));
        assert_eq!(answer.header("retry-after"), None);
    }
    let role =
        post(stage.server.address(), &PROBE.replace("roles/probe", "roles/none").replace("/fns", "/fns/x"));
    let answer = role.key(&stage.key).send().await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (404, "role-not-found"));
    stage.end().await;
}

/// A zome may say as much as it likes: what the conductor hands on of it is told as far as a person reads, and kept so for repeats.
#[tokio::test(flavor = "multi_thread")]
async fn long_words_of_a_conductor_are_cut_between_letters() {
    let stage = Stage::with(|mut config| {
        config.state_dir = config.keys.as_ref().map(|keys| keys.with_file_name("state"));
        config
    })
    .await;
    let ask = || stage.call("fail").json(&json!("ä".repeat(500_000)));
    let mut told = Vec::new();
    for asking in [ask(), ask().header("idempotency-key", "k-1"), ask().header("idempotency-key", "k-1")] {
        let answer = asking.send().await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "zome-error"));
        let problem = answer.json();
        assert_eq!((&problem["outcome"], &problem["effect"]), (&json!("answered"), &json!("nothing")));
        let detail = problem["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("Guest(\"ää") && detail.ends_with("ä…"), "{}", detail.len());
        // The last letter may not have fitted.
        assert!([MOST_WORDS, MOST_WORDS - 1].contains(&detail.len()), "{}", detail.len());
        told.push(detail);
    }
    assert_eq!(told[1..], [told[0].as_str(); 2]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_wrongly_is_refused_before_anything_is_sent() {
    let stage = Stage::start().await;
    let json = || stage.call("echo_text").json(&json!("hello"));
    let cases = [
        (json().body("{"), 400, "bad-payload"),
        (json().header("content-type", "text/plain"), 415, "unsupported-media-type"),
        (json().header("accept", "text/html"), 406, "not-acceptable"),
        (json().header("prefer", "wait=soon"), 400, "bad-request"),
        (json().header("prefer", "wait=301"), 400, "wait-too-long"),
        // Who obeyed its 503 asked again for ever.
        (json().header("prefer", "wait=0"), 400, "bad-request"),
        (json().header("prefer", "respond-async"), 400, "idempotency-key-required"),
        (json().header("idempotency-key", "a b"), 400, "bad-idempotency-key"),
        (json().body(vec![b' '; (2 << 20) + 1]), 413, "payload-too-large"),
        (stage.get(&format!("{PROBE}/echo_text")), 405, "method-not-allowed"),
        (stage.get("/api/v2"), 404, "not-found"),
        (stage.get("//health"), 400, "bad-request"),
        (stage.get("/api/v1/%2e%2e/health"), 400, "bad-request"),
        (stage.get("/health%2flive"), 400, "bad-request"),
        (stage.get("/./health"), 400, "bad-request"),
    ];
    for (asking, status, name) in cases {
        let answer = asking.clone().send().await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, name), "{asking:?}");
        let problem = answer.json();
        assert_eq!((&problem["outcome"], &problem["settled"]), (&json!("not_run"), &json!(true)));
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_conductor_a_call_is_told_not_to_have_run() {
    let stage = Stage::start().await;
    stage.server.ready().await;
    let Stage { conductor, server, key, directory: _directory } = stage;
    conductor.shut_down().await;
    lost(server.address()).await;
    let path = format!("{PROBE}/echo_text");
    let call = post(server.address(), &path).key(&key).json(&json!("hello")).header("prefer", "wait=1");
    let answer = call.send().await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (503, "conductor-unreachable"),
        "{answer:?}"
    );
    assert_eq!(answer.json()["outcome"], "not_run");
    let after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&after));
    let ready = crate::client::get(server.address(), "/health/ready").send().await;
    // A reason may name the conductor: strangers are told none.
    assert_eq!((ready.status.as_u16(), ready.json()), (503, json!({ "ready": false })));
    server.stop().await;
}

/// Bytes of the words of a problem.
const MOST_WORDS: usize = 16 << 10;
