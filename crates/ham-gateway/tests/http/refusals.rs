//! What the conductor refuses, and what follows from it.

use std::time::Duration;

use ham_devconductor::DevConductor;
use ham_gateway::{NewKey, Server};
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Answer, get, post};
use crate::must;
use crate::stage::{APP, PROBE, conductor, config, everything, write_keys};

struct Stage {
    conductor: DevConductor,
    server: Server,
    key: NewKey,
    _directory: tempfile::TempDir,
}

/// With an outbox, and with a listener for operators.
async fn before(conductor: DevConductor) -> Stage {
    let directory = tempfile::tempdir().unwrap();
    let key = NewKey::new().unwrap();
    write_keys(&directory.path().join("keys.toml"), &everything(&key));
    let mut config =
        config(conductor.admin_port(), directory.path()).with_state_dir(directory.path().join("state"));
    config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
    let server = Server::start(config).await.unwrap();
    Stage { conductor, server, key, _directory: directory }
}

impl Stage {
    async fn create(&self, name: &str, prefer: &str) -> Answer {
        let asked = post(self.server.address(), &format!("{PROBE}/create_item")).key(self.key.expose());
        let asked = asked.json(&json!({ "call_id": name, "body": "b" })).header("prefer", prefer);
        asked.header("idempotency-key", name).send().await
    }

    async fn ready(&self) -> Value {
        get(self.server.operations_address().unwrap(), "/health/ready").send().await.json()
    }

    async fn end(self) {
        self.server.stop().await;
        self.conductor.shut_down().await;
    }
}

/// The first call after `ham dev revert` took the gateway's grant back was settled as not let.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_waits_for_is_made_under_another_grant_where_its_own_was_taken_back() {
    let conductor = conductor().await;
    let without_grant = must(conductor.snapshot()).await.unwrap();
    let stage = before(conductor).await;
    must(stage.server.ready()).await;
    assert_eq!(stage.create("inv-0", "wait=60").await.status, StatusCode::OK);
    must(stage.conductor.revert(&without_grant)).await.unwrap();
    let accepted = stage.create("inv-1", "respond-async").await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    let call = accepted.header("location").unwrap().to_owned();
    let follow = || get(stage.server.address(), &call).key(stage.key.expose()).header("prefer", "wait=60");
    let told = must(async {
        loop {
            let told = follow().send().await.json();
            if told["state"] == "settled" {
                return told;
            }
        }
    })
    .await;
    // It was signed once for the grant that was gone, and once for the next one.
    assert_eq!((&told["outcome"], &told["attempts"]), (&json!("answered"), &json!(2)), "{told}");
    assert!(told["answer"].is_object() || told["answer"].is_string() || told["answer"].is_array(), "{told}");
    let items = post(stage.server.address(), &format!("{PROBE}/list_items")).key(stage.key.expose());
    let items = items.json(&json!(null)).send().await.json();
    let times = items.as_array().unwrap().iter().filter(|item| item["call_id"] == "inv-1").count();
    assert_eq!((times, items.as_array().unwrap().len()), (1, 1), "{items}");
    stage.end().await;
}

/// It said only that a grant could not be made.
#[tokio::test(flavor = "multi_thread")]
async fn why_an_init_fails_is_told_to_operators() {
    let conductor = DevConductor::start().await.unwrap();
    let features = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");
    conductor.install(std::fs::read(features).unwrap(), Some(APP.into())).await.unwrap();
    let stage = before(conductor).await;
    let why = must(async {
        loop {
            let told = stage.ready().await;
            if let Some(why) = told["apps"][APP]["roles"]["refused"].as_str() {
                return why.to_owned();
            }
        }
    })
    .await;
    assert!(why.contains("refused by mirror"), "{why}");
    stage.end().await;
}

/// Calls were refused for half a minute while `/health/ready` said that all was well.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_told_that_its_cell_does_not_run_has_readiness_asked() {
    let stage = before(conductor().await).await;
    must(stage.server.ready()).await;
    let admin = ham::Admin::local(stage.conductor.admin_port());
    admin.disable_app(APP).await.unwrap();
    let refused = stage.create("inv-1", "wait=60").await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "cell-not-running"));
    let unready = async { while stage.ready().await["ready"] == json!(true) {} };
    // Half as long as it was before it was asked of itself.
    tokio::time::timeout(Duration::from_secs(15), unready).await.expect("it is asked");
    let told = stage.ready().await;
    assert!(told["apps"][APP]["why"].as_str().unwrap().contains("the app is disabled"), "{told}");
    admin.close().await;
    stage.end().await;
}
