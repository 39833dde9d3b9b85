//! The OpenAPI document beside what is answered.

use std::collections::{BTreeMap, BTreeSet};

use ham_gateway::{Allows, NewKey, Scope, Server};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Asking, asking};
use crate::must;
use crate::stage::{APP, PROBE, Stage, allows, write_keys};

/// Each of its operations is served: nothing that it names is nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_names_what_is_there() {
    let stage = Stage::start().await;
    let document = stage.get("/api/v1/openapi.json").send().await.json();
    assert_eq!(document, ham_gateway::openapi());
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace(['{', '}'], "");
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            let answer = asking(stage.server.address(), method, &path).send().await;
            let public = operation.get("security").is_none();
            assert_eq!(answer.status == 401, !public, "{path}: {answer:?}");
            let status = answer.status.as_str();
            assert!(operation["responses"].get(status).is_some(), "{path} answers {status}: {answer:?}");
        }
    }
    stage.end().await;
}

/// The answers of an operation that are no problems.
type Answers = BTreeMap<String, BTreeSet<u16>>;

/// Those that the document lists, by the names of its operations.
fn listed() -> Answers {
    let document = ham_gateway::openapi();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
    let answers = |operation: &Value| {
        let all = operation["responses"].as_object().unwrap().iter();
        let good = all.filter(|(_, answer)| answer["content"].get("application/problem+json").is_none());
        good.map(|(status, _)| status.parse().unwrap()).collect()
    };
    operations
        .map(|operation| (operation["operationId"].as_str().unwrap().to_owned(), answers(operation)))
        .collect()
}

/// What is answered, each operation asked in each way that has an answer of its own.
struct Asked<'a> {
    server: &'a Server,
    key: &'a NewKey,
    answers: Answers,
}

impl Asked<'_> {
    fn asking(&self, method: Method, path: &str) -> Asking {
        asking(self.server.address(), method, path).key(self.key.expose())
    }

    async fn note(&mut self, operation: &str, asking: Asking) {
        let status = must(asking.status()).await;
        self.answers.entry(operation.to_owned()).or_default().insert(status);
    }

    async fn get(&mut self, operation: &str, path: &str) {
        self.note(operation, self.asking(Method::GET, path)).await;
    }

    async fn socket(&mut self, operation: &str, path: &str) {
        let asking = self.asking(Method::GET, path).header("connection", "upgrade");
        let asking = asking.header("upgrade", "websocket").header("sec-websocket-version", "13");
        self.note(operation, asking.header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")).await;
    }
}

/// 202 was listed for cancelling, which is never answered: all that was compared were answers to who shows no key, and a tool that makes
/// requests of the document says what is not in it alone.
#[tokio::test(flavor = "multi_thread")]
async fn every_good_answer_that_the_openapi_document_lists_is_given_and_no_other() {
    let key = NewKey::new().unwrap();
    let stage = Stage::with(|mut config| {
        let scopes = vec![Scope::Calls, Scope::AllCalls, Scope::Feed, Scope::Status, Scope::Metrics];
        let allows = Allows { scopes, chains: vec![APP.into()], ..allows(&[APP]) };
        let keys = config.keys.as_ref().unwrap();
        write_keys(keys, &key.stanza_with("all", &allows));
        config.state_dir = Some(keys.with_file_name("state"));
        config
    })
    .await;
    must(stage.server.ready()).await;
    let mut asked = Asked { server: &stage.server, key: &key, answers: Answers::new() };

    let call = |asked: &Asked<'_>, function: &str, payload: &Value| {
        asked.asking(Method::POST, &format!("{PROBE}/{function}")).json(payload)
    };
    asked.note("call", call(&asked, "echo_text", &json!("x"))).await;
    let later = call(&asked, "echo_text", &json!("x")).header("prefer", "respond-async");
    asked.note("call", later.clone().header("idempotency-key", "one")).await;
    asked.get("listCalls", "/api/v1/calls").await;

    asked.get("listApps", "/api/v1/apps").await;
    asked.get("lookAtApp", &format!("/api/v1/apps/{APP}")).await;
    asked.get("followEvents", &format!("/api/v1/events?chain={APP}")).await;
    asked.socket("followOverWebSocket", "/ws").await;
    asked.get("countFollowers", "/ws/status").await;
    asked.socket("connect", "/connect").await;
    asked.get("status", "/api/v1/status").await;
    asked.get("metrics", "/metrics").await;
    asked.get("health", "/health").await;
    asked.get("live", "/health/live").await;
    asked.get("openapi", "/api/v1/openapi.json").await;
    asked.get("ready", "/health/ready").await;
    stage.conductor.shut_down().await;
    crate::stage::lost(stage.server.address()).await;
    asked.get("ready", "/health/ready").await;
    // Now one waits, and is not settled before its time is over.
    let waits = must(later.header("idempotency-key", "two").send()).await;
    let call = waits.header("location").unwrap();
    asked.get("lookAtCall", call).await;
    for wait in ["wait=0", "wait=30"] {
        let cancel = asked.asking(Method::POST, &format!("{call}/cancel")).header("prefer", wait);
        asked.note("cancelCall", cancel).await;
    }
    asked.get("lookAtCall", call).await;

    assert_eq!(asked.answers, listed());
    must(stage.server.stop()).await;
}
