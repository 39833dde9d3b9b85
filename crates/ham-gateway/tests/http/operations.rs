//! What those who run it see.

use ham_gateway::metrics::TABLE;
use serde_json::json;

use crate::client::{get, post};
use crate::stage::{APP, PROBE, Stage, allows, write_keys};

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_bounded_labels_and_no_words_of_clients() {
    let stage = Stage::with(|mut config| {
        config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
        config
    })
    .await;
    stage.server.ready().await;
    assert_eq!(stage.call("echo_text").json(&json!("secret words")).send().await.status, 200);
    assert_eq!(stage.call("no_such_function_of_mine").send().await.status, 404);
    assert_eq!(stage.get("/of/mine").send().await.status, 404);
    assert_eq!(stage.call("echo_text").key("ham_A_wrong").send().await.status, 401);
    let text = get(stage.server.operations_address().unwrap(), "/metrics").send().await;
    assert_eq!(text.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    let call = "/api/v1/apps/{app}/roles/{role}/zomes/{zome}/fns/{function}";
    for line in [
        &format!("ham_gateway_http_requests_total{{route=\"{call}\",method=\"POST\",status=\"200\"}}"),
        "ham_gateway_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"}",
        &format!("ham_gateway_calls_total{{app=\"{APP}\",mode=\"direct\",outcome=\"answered\"}}"),
        &format!("ham_gateway_call_seconds_bucket{{app=\"{APP}\",mode=\"direct\",le="),
        "ham_gateway_auth_failures_total{reason=\"bad-key\"}",
        &format!("ham_gateway_ready{{app=\"{APP}\"}}"),
        &format!("ham_link_up{{app=\"{APP}\"}}"),
        "ham_gateway_build_info{version=",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    for word in ["of_mine", "of/mine", "secret words", &stage.key, "wrong", "echo_text"] {
        assert!(!text.contains(word), "{word}");
    }
    let ours = text.lines().filter_map(|line| line.strip_prefix("# TYPE ham_gateway_"));
    for name in ours.map(|rest| format!("ham_gateway_{}", rest.split(' ').next().unwrap())) {
        assert!(TABLE.iter().any(|(known, ..)| *known == name), "{name} is not in the table");
    }
    // Not for every key.
    assert_eq!(stage.get("/metrics").key(&stage.key).send().await.problem(), "not-allowed");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_are_shown_to_the_keys_that_may_know_of_them() {
    let stage = Stage::start().await;
    stage.server.ready().await;
    let apps = stage.get("/api/v1/apps").key(&stage.key).send().await.json();
    assert_eq!(apps, json!({ "apps": [{ "id": APP, "ready": true, "why": null }] }));
    let app = stage.get("/api/v1/apps/shop").key(&stage.key).send().await.json();
    assert_eq!(
        (&app["status"], &app["roles"][1]["role"]),
        (&json!({ "type": "enabled" }), &json!("probe")),
        "{app}"
    );
    assert_eq!((&app["roles"][1]["callable"], &app["roles"][1]["clones"]), (&json!(true), &json!([])));
    assert!(app["roles"][1]["dna"]["$hash"].as_str().unwrap().starts_with("uhC0k"));
    assert_eq!(stage.get("/api/v1/apps/other").key(&stage.key).send().await.problem(), "app-not-found");
    assert_eq!(stage.get("/api/v1/apps").send().await.problem(), "no-key");
    let stranger = ham_gateway::NewKey::new().unwrap();
    write_keys(&stage.directory.path().join("keys.toml"), &stranger.stanza_with("stranger", &allows(&[])));
    stage.server.reload(crate::stage::config(stage.conductor.admin_port(), stage.directory.path())).unwrap();
    let stranger = stranger.expose();
    assert_eq!(stage.get("/api/v1/apps").key(stranger).send().await.json(), json!({ "apps": [] }));
    assert_eq!(stage.get("/api/v1/apps/shop").key(stranger).send().await.problem(), "app-not-found");
    let path = format!("{PROBE}/echo_text");
    assert_eq!(post(stage.server.address(), &path).key(stranger).send().await.problem(), "app-not-found");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_of_links_to_those_who_may_see_it() {
    let stage = Stage::with(|mut config| {
        config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
        config
    })
    .await;
    stage.server.ready().await;
    let operations = stage.server.operations_address().unwrap();
    let status = get(operations, "/api/v1/status").send().await.json();
    assert_eq!((&status["gateway"]["life"], &status["key"]["id"]), (&json!("running"), &json!("operations")));
    assert_eq!(status["gateway"]["listen"], stage.server.address().to_string());
    let app = &status["apps"][0];
    assert_eq!((&app["id"], &app["link"]["state"]), (&json!(APP), &json!("live")));
    assert_eq!((&app["history"][0]["what"], &app["roles"][0]["callable"]), (&json!("up"), &json!(true)));
    assert_eq!(stage.get("/api/v1/status").key(&stage.key).send().await.problem(), "not-allowed");
    // Nobody calls without a key there.
    assert_eq!(post(operations, &format!("{PROBE}/echo_text")).send().await.problem(), "not-found");
    stage.end().await;
}

/// The page follows it: everything at first, then each second what is new.
#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_a_stream_until_the_gateway_stops() {
    let stage = Stage::with(|mut config| {
        config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
        config
    })
    .await;
    stage.server.ready().await;
    assert_eq!(stage.call("echo_text").json(&json!("x")).send().await.status, 200);
    assert_eq!(stage.call("fail").json(&json!("no")).send().await.status, 422);
    let operations = stage.server.operations_address().unwrap();
    let mut events = get(operations, "/api/v1/status").header("accept", "text/event-stream").stream().await;
    let first = events.next().await.unwrap();
    assert!(first["gateway"]["version"].is_string() && first["key"]["scopes"].is_array(), "{first}");
    let (mut answered, mut errors, mut next) = (0, 0, first);
    // They are in the samples of seconds that are over.
    while (answered, errors) != (1, 1) {
        for sample in next["samples"][APP].as_array().unwrap() {
            answered += sample["answered"].as_u64().unwrap();
            errors += sample["error"].as_u64().unwrap();
        }
        next = events.next().await.unwrap();
    }
    stage.end().await;
    while events.next().await.is_some() {}
}
