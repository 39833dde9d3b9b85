//! Secrets of a run, looked for in everything that is told to others than their owner.

use ham_gateway::NewKey;
use serde_json::json;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::client::{Asking, asking, get};
use crate::log::Log;
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told() {
    // By all tests of this program.
    let log = Log::default();
    let kept = log.clone();
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || kept.clone());
    let ours = Targets::new()
        .with_target("ham", LevelFilter::TRACE)
        .with_target("ham_devconductor", LevelFilter::OFF);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(ours));
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let stage = Stage::with(|mut config| {
        config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
        config
    })
    .await;
    stage.server.ready().await;
    let stranger = NewKey::new().unwrap();
    let (payload, query) = ("what-a-client-pays-for", "what-a-client-asks-for");
    let mut told = Vec::new();
    for asking in misplaced(&stage, stranger.expose()) {
        let answer = asking.send().await;
        told.extend_from_slice(&answer.body);
        told.extend_from_slice(format!("{:?}", answer.headers).as_bytes());
    }
    for asking in [
        stage.call("echo_text").key(stranger.expose()).json(&json!(payload)),
        stage.call("no_such_function").json(&json!(payload)),
        stage.call("echo_text").json(&json!({ "not": payload })).header("prefer", "wait=soon"),
        stage.get(&format!("/api/v1/apps?token={}&words={query}", stage.key)),
        stage.get("/api/v1/status").key(&stage.key),
        stage.get("/health/ready"),
    ] {
        told.extend_from_slice(&asking.send().await.body);
    }
    assert_eq!(stage.call("echo_text").json(&json!(payload)).send().await.json(), payload);
    let operations = stage.server.operations_address().unwrap();
    for path in ["/metrics", "/api/v1/status"] {
        told.extend_from_slice(&get(operations, path).send().await.body);
    }
    let keys = std::fs::read_to_string(stage.directory.path().join("keys.toml")).unwrap();
    let digest = keys.split("sha256 = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (key, debug) = (stage.key.clone(), format!("{:?}", stage.server));
    stage.end().await;
    let told = String::from_utf8(told).unwrap() + &debug;
    let logged = log.text();
    // It would find nothing if nothing were told.
    assert!(logged.contains("gateway.key.refused") && told.contains("ham_gateway_calls_total"));
    // `ham_<id>_<secret>`: the secret itself may have such a sign.
    let secret = |key: &str| key.splitn(3, '_').nth(2).unwrap().to_owned();
    for secret in [secret(&key), secret(stranger.expose()), digest] {
        assert!(!told.contains(&secret), "a secret is told");
        assert!(!logged.contains(&secret), "a secret is logged");
    }
    for words in [payload, query] {
        assert!(!logged.contains(words), "{words:?} is logged");
    }
}

/// Case: a key in the place of a name, of a method or of a request's id was logged and told.
fn misplaced(stage: &Stage, key: &str) -> Vec<Asking> {
    let called = |role: &str, zome: &str, function: &str| {
        let path = format!("/api/v1/apps/shop/roles/{role}/zomes/{zome}/fns/{function}");
        stage.post(&path).json(&json!(null)).key(&stage.key)
    };
    let method = http::Method::from_bytes(key.as_bytes()).unwrap();
    vec![
        called(key, "probe", "echo_text"),
        called("probe", key, "echo_text"),
        called("probe", "probe", key),
        stage.call("echo_text").json(&json!("hello")).header("x-request-id", key),
        stage.call("echo_text").json(&json!("hello")).header("prefer", &format!("wait={key}")),
        asking(stage.server.address(), method, "/health").key(&stage.key),
        stage.get(&format!("/api/v1/events?{key}=1")).key(&stage.key),
        stage.get(&format!("/api/v1/events?chain={key}")).key(&stage.key),
        stage.get(&format!("/api/v1/calls?order={key}")).key(&stage.key),
        stage.get(&format!("/api/v1/calls?{key}=1")).key(&stage.key),
        stage.get(&format!("/api/v1/apps/{key}")).key(&stage.key),
    ]
}

/// The ids that clients give their requests are told again, unless one may be a secret.
#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_request_is_the_clients_if_it_can_be_no_secret() {
    let stage = Stage::start().await;
    let id = async |id: &str| {
        let answer = stage.get("/health").header("x-request-id", id).send().await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    for own in [
        "mine",
        "0192f3c4-5d6e-7f80-91a2-b3c4d5e6f708",
        "01JDV9Q5K2Z8X7W6T4R3P1N0MB",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "shop/checkout:42",
    ] {
        assert_eq!(id(own).await, own);
    }
    for other in [&stage.key, "user:hush@shop", "{\"a\":1}", &"x".repeat(129)] {
        assert_eq!(id(other).await.len(), 26, "{other}");
    }
    stage.end().await;
}
