//! Calls that come over NATS.

use async_nats::{Client, HeaderMap, Message};
use ham_gateway::Config;
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{get, post};
use crate::server::NatsServer;
use crate::stage::{APP, Stage, client, must, nats};

const FUNCTIONS: &str = "features.features";

struct Caller {
    client: Client,
    key: Option<String>,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: String,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn of(message: Message) -> Self {
        let headers = message.headers.unwrap();
        let status = headers.get("Ham-Status").unwrap().to_string();
        let body = match headers.get("Content-Type").map(|kind| kind.as_str().to_owned()).as_deref() {
            Some("application/vnd.msgpack") => json!(message.payload.to_vec()),
            _ => serde_json::from_slice(&message.payload).unwrap(),
        };
        Self { status, headers, body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(async_nats::HeaderValue::as_str)
    }

    fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default()
    }
}

impl Caller {
    async fn call(&self, function: &str, headers: &[(&str, &str)], body: impl Into<bytes::Bytes>) -> Answer {
        let subject = format!("ham.call.{APP}.{FUNCTIONS}.{function}");
        self.ask(subject, headers, body).await
    }

    async fn ask(&self, subject: String, headers: &[(&str, &str)], body: impl Into<bytes::Bytes>) -> Answer {
        let mut told = HeaderMap::new();
        if let Some(key) = &self.key {
            told.insert("Authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            told.insert(*name, *value);
        }
        let request = async_nats::Request::new().headers(told).payload(body.into()).timeout(None);
        Answer::of(must(self.client.send_request(subject, request)).await.unwrap())
    }
}

async fn staged(change: impl FnOnce(Config) -> Config) -> (NatsServer, Stage, ham_gateway::Server, Caller) {
    let (server, stage) = (NatsServer::start().await, Stage::start().await);
    let config = change(stage.config(nats(&server.url())));
    let gateway = ham_gateway::Server::start(config.with_state_dir(stage.directory.path().join("state")));
    let gateway = gateway.await.unwrap();
    must(gateway.ready()).await;
    let client = client(&server).await;
    let caller = Caller { client, key: Some(stage.key.expose().to_owned()) };
    // The service is there once it answers to its name.
    must(async { while caller.client.request("$SRV.PING.ham-gateway", "".into()).await.is_err() {} }).await;
    (server, stage, gateway, caller)
}

async fn end(stage: Stage, gateway: ham_gateway::Server) {
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_a_key_is_made_once_over_either() {
    let (_server, stage, gateway, caller) = staged(|config| config).await;
    let before = stage.chain().await.len();
    let first = caller.call("create_note", &[("Idempotency-Key", "k-1")], "\"once\"").await;
    assert_eq!((first.status.as_str(), first.header("Ham-Outcome")), ("200", Some("answered")), "{first:?}");
    let again = caller.call("create_note", &[("idempotency-key", "k-1")], " \"once\" ").await;
    assert_eq!((&again.body, again.header("Idempotent-Replayed")), (&first.body, Some("true")));
    let path = format!("/api/v1/apps/{APP}/roles/features/zomes/features/fns/create_note");
    let http = post(gateway.address(), &path).key(stage.key.expose()).header("idempotency-key", "k-1");
    let http = http.json(&json!("once")).send().await;
    assert_eq!((http.json(), http.header("idempotent-replayed")), (first.body.clone(), Some("true")));
    assert_eq!(http.header("ham-call-id"), first.header("Ham-Call-Id"));
    let other = caller.call("create_note", &[("Idempotency-Key", "k-1")], "\"twice\"").await;
    assert_eq!((other.status.as_str(), other.problem()), ("422", "idempotency-key-reused"));
    // Asynchronously: accepted, and under its key answered with what became of it.
    let prefer = [("Idempotency-Key", "k-2"), ("Prefer", "respond-async, wait=0")];
    let accepted = caller.call("create_note", &prefer, "\"later\"").await;
    assert!(["200", "202"].contains(&accepted.status.as_str()), "{accepted:?}");
    let later = caller.call("create_note", &[("Idempotency-Key", "k-2")], "\"later\"").await;
    assert_eq!((later.status.as_str(), later.header("Ham-Call-Id")), ("200", accepted.header("Ham-Call-Id")));
    // `init` writes too, with the first of them.
    let (chain, first) = (stage.chain().await, first.body["$hash"].as_str().unwrap().to_owned());
    assert_eq!(chain.iter().filter(|(hash, _)| *hash == first).count(), 1);
    assert!(chain.len() > before + 1);
    end(stage, gateway).await;
}

/// The same bodies, but for the request's name.
/// Of a burst some were dropped, and had no answer.
#[tokio::test(flavor = "multi_thread")]
async fn each_of_a_burst_is_answered() {
    let (_server, stage, gateway, caller) = staged(|config| config).await;
    let burst = (0..800).map(|_| caller.call("echo", &[], "1"));
    let answers = must(futures_util::future::join_all(burst)).await;
    assert!(answers.iter().all(|answer| !answer.status.is_empty()));
    end(stage, gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_are_those_of_http() {
    let (_server, stage, gateway, caller) = staged(|config| config).await;
    let path = format!("/api/v1/apps/{APP}/roles/features/zomes/features/fns");
    for (function, headers, body) in [
        ("no_such_function", &[][..], "null"),
        ("guest_error", &[], "\"as asked\""),
        ("signal", &[], "{"),
        ("signal", &[("Prefer", "wait=9999")], "null"),
        ("signal", &[("Prefer", "respond-async")], "null"),
        ("signal", &[("Content-Type", "text/plain")], "null"),
        ("signal", &[("Idempotency-Key", "\"a")], "null"),
        ("signal", &[("Authorization", "Bearer ham_AAAAAA_wrong")], "null"),
    ] {
        let told = caller.call(function, headers, body).await;
        let mut http = post(gateway.address(), &format!("{path}/{function}")).body(body);
        if !headers.iter().any(|(name, _)| *name == "Authorization") {
            http = http.key(stage.key.expose());
        }
        if !headers.iter().any(|(name, _)| *name == "Content-Type") {
            http = http.header("content-type", "application/json");
        }
        for (name, value) in headers {
            http = http.header(name, value);
        }
        let http = http.send().await;
        let without_name = |mut body: Value| {
            assert!(body["request_id"].is_string(), "{body}");
            body["request_id"] = Value::Null;
            body
        };
        assert_eq!(told.status, http.status.as_str(), "{function}");
        assert_eq!(told.header("Nats-Service-Error-Code"), Some(http.status.as_str()));
        assert_eq!(told.header("Ham-Outcome"), http.header("ham-outcome"));
        assert_eq!(without_name(told.body), without_name(http.json()), "{function}");
    }
    // Whoever shows no key, and a subject that names nothing.
    let stranger = Caller { client: caller.client.clone(), key: None };
    assert_eq!(stranger.call("signal", &[], "null").await.problem(), "no-key");
    let odd = caller.ask("ham.call.shop.features.features.%FF".to_owned(), &[], "").await;
    assert_eq!((odd.status.as_str(), odd.problem()), ("400", "bad-request"));
    let slash = caller.ask("ham.call.shop.features.features.a%2Fb".to_owned(), &[], "").await;
    assert_eq!(slash.problem(), "bad-request");
    end(stage, gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_no_key_calls_as_the_one_that_is_named() {
    let (_server, stage, gateway, mut caller) = staged(|mut config| {
        let keys = std::fs::read_to_string(config.keys.as_ref().unwrap()).unwrap();
        let id = keys.lines().find_map(|line| line.strip_prefix("id = \"")?.split('"').next()).unwrap();
        config.nats.calls_as = Some(id.to_owned());
        config
    })
    .await;
    caller.key = None;
    assert_eq!(caller.call("signal", &[], "\"hello\"").await.status, "200");
    // Bytes go as they are.
    let packed = [("Content-Type", "application/vnd.msgpack"), ("Accept", "application/vnd.msgpack")];
    let answer = caller.call("signal", &packed, vec![0xa2, b'h', b'i']).await;
    assert_eq!((answer.status.as_str(), answer.body), ("200", json!([0xc0])));
    // A wrong key is not no key.
    caller.key = Some("ham_AAAAAA_wrong".to_owned());
    assert_eq!(caller.call("signal", &[], "null").await.problem(), "bad-key");
    end(stage, gateway).await;
}

/// It told nothing, and whoever asked waited for ever.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_fits_into_no_message_is_told() {
    let (_server, stage, gateway, caller) = staged(|config| config).await;
    let large = caller.call("large_answer", &[("Idempotency-Key", "large")], "1200000").await;
    assert_eq!((large.status.as_str(), large.problem()), ("410", "answer-not-kept"), "{:?}", large.headers);
    assert_eq!((&large.body["outcome"], &large.body["settled"]), (&json!("answered"), &json!(true)));
    let call = large.body["call"].as_str().unwrap();
    assert_eq!(get(gateway.address(), call).key(stage.key.expose()).send().await.status, StatusCode::OK);
    end(stage, gateway).await;
}

/// One that drains ends what it has, and takes nothing more: the server knows nobody who would.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_takes_no_more_calls() {
    let (server, stage, gateway, caller) = staged(|mut config| {
        config.nats.calls_at_a_time = 1;
        config
    })
    .await;
    let info = must(caller.client.request("$SRV.INFO.ham-gateway", "".into())).await.unwrap();
    let info: Value = serde_json::from_slice(&info.payload).unwrap();
    assert_eq!(info["endpoints"][0]["subject"], "ham.call.*.*.*.*", "{info}");
    must(gateway.stop()).await;
    let client = client(&server).await;
    let subject = format!("ham.call.{APP}.{FUNCTIONS}.signal");
    let nobody = must(client.request(subject, "null".into())).await.unwrap_err();
    assert_eq!(nobody.kind(), async_nats::client::RequestErrorKind::NoResponders);
    stage.conductor.shut_down().await;
}
