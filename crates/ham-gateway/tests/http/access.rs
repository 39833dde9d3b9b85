//! Who may ask, and from where.

use ham_gateway::{Config, NewKey, Server};
use http::Method;
use serde_json::json;

use crate::client::{asking, get, post};
use crate::must;
use crate::stage::{APP, PROBE, Stage, allows, conductor, everything, write_keys};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_what_it_lists() {
    let stage = Stage::start().await;
    let limited = NewKey::new().unwrap();
    let listed = everything(&limited).replace("**", "*/*/echo_*");
    let stranger = NewKey::new().unwrap();
    let other = stranger.stanza_with("stranger", &allows(&["other"]));
    let keys = stage.directory.path().join("keys.toml");
    write_keys(&keys, &format!("{listed}{other}"));
    let config = crate::stage::config(stage.conductor.admin_port(), stage.directory.path());
    assert!(stage.server.reload(config).unwrap().is_empty());
    let call = |function: &str, key: &str| {
        post(stage.server.address(), &format!("{PROBE}/{function}")).key(key).json(&json!("hello"))
    };
    assert_eq!(call("echo_text", limited.expose()).send().await.status, 200);
    let cases = [
        (call("fail", limited.expose()), 403, "function-not-allowed"),
        (call("echo_text", stranger.expose()), 404, "app-not-found"),
        // It was taken out of the file.
        (call("echo_text", &stage.key), 401, "bad-key"),
        (call("echo_text", "").header("authorization", "Basic YTpi"), 401, "bad-key"),
        (post(stage.server.address(), &format!("{PROBE}/echo_text")), 401, "no-key"),
        // Clients write this whose key is not set.
        (
            post(stage.server.address(), &format!("{PROBE}/echo_text")).header("authorization", "Bearer"),
            401,
            "no-key",
        ),
    ];
    for (asking, status, name) in cases {
        let answer = asking.send().await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, name), "{answer:?}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    // A file that is wrong changes nothing.
    write_keys(&keys, "[[key]]\nid = 1\n");
    let config = crate::stage::config(stage.conductor.admin_port(), stage.directory.path());
    assert!(stage.server.reload(config).is_err());
    assert_eq!(call("echo_text", limited.expose()).send().await.status, 200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_keys_is_held_up_and_nobody_else() {
    let stage = Stage::start().await;
    let guess = || stage.call("echo_text").key("ham_AAAAAA_wrong").json(&json!("hello"));
    for _ in 0..10 {
        assert_eq!(guess().send().await.status, 401);
    }
    let answer = guess().send().await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (429, "wrong-keys"));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(stage.call("echo_text").json(&json!("hello")).send().await.status, 200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_its_rate_and_its_places() {
    let stage = Stage::with(|mut config| {
        config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
        config
    })
    .await;
    let key = NewKey::new().unwrap();
    write_keys(&stage.directory.path().join("keys.toml"), &format!("{}rate = \"1/m\"\n", everything(&key)));
    stage.server.reload(crate::stage::config(stage.conductor.admin_port(), stage.directory.path())).unwrap();
    let call = || stage.call("echo_text").key(key.expose()).json(&json!("hello"));
    assert_eq!(call().send().await.status, 200);
    let answer = call().send().await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (429, "quota-exceeded"));
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
    assert_eq!(answer.header("ratelimit-policy"), Some("\"key\";q=1;w=60"));
    assert!(answer.header("ratelimit").unwrap().starts_with("\"key\";r=0;t="));
    write_keys(&stage.directory.path().join("keys.toml"), &format!("{}concurrent = 1\n", everything(&key)));
    stage.server.reload(crate::stage::config(stage.conductor.admin_port(), stage.directory.path())).unwrap();
    let slowly =
        stage.call("slow_create").key(key.expose()).json(&json!({ "call_id": "s", "millis": 3_000 }));
    let beside = async {
        let operations = stage.server.operations_address().unwrap();
        let mut events =
            get(operations, "/api/v1/status").header("accept", "text/event-stream").stream().await;
        // The first one has its place by then.
        must(async { while events.next().await.unwrap()["apps"][0]["open"] != 1 {} }).await;
        call().send().await
    };
    let (first, refused) = tokio::join!(slowly.send(), beside);
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (429, "quota-exceeded"));
    stage.end().await;
}

/// It was refused, and was not told what it lacks.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_sees_all_calls_makes_none() {
    let stage = Stage::with(|mut config| {
        config.state_dir = config.keys.as_ref().map(|keys| keys.with_file_name("state"));
        config
    })
    .await;
    let made = stage.call("echo_text").json(&json!("hello")).header("idempotency-key", "k-1").send().await;
    let key = NewKey::new().unwrap();
    let text = std::fs::read_to_string(stage.directory.path().join("keys.toml")).unwrap();
    let all = everything(&key).replace("\"calls\", \"feed\"", "\"calls:all\"");
    write_keys(&stage.directory.path().join("keys.toml"), &format!("{text}\n{all}"));
    let config = crate::stage::config(stage.conductor.admin_port(), stage.directory.path());
    stage.server.reload(config).unwrap();
    let one = format!("/api/v1/calls/{}", made.header("ham-call-id").unwrap());
    for seen in ["/api/v1/calls", &one] {
        assert_eq!(stage.get(seen).key(key.expose()).send().await.status, 200, "{seen}");
    }
    let refused = stage.call("echo_text").key(key.expose()).json(&json!("hello")).send().await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (403, "not-allowed"));
    assert!(refused.json()["detail"].as_str().unwrap().contains("the scope `calls`"), "{refused:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_may_ask_from_listed_origins_alone() {
    let stage = Stage::with(|mut config| {
        config.origins = vec!["https://shop.example".into()];
        config
    })
    .await;
    let call = |origin: &str| stage.call("echo_text").json(&json!("hello")).header("origin", origin);
    let answer = call("https://shop.example").send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    assert!(answer.header("access-control-expose-headers").unwrap().contains("ham-outcome"));
    assert_eq!(call("https://evil.example").send().await.problem(), "origin-not-allowed");
    let asks_before = asking(stage.server.address(), Method::OPTIONS, &format!("{PROBE}/echo_text"))
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,idempotency-key");
    let answer = asks_before.clone().header("origin", "https://shop.example").send().await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("idempotency-key"));
    let answer = asks_before.header("origin", "https://evil.example").send().await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (403, None));
    let answer = stage.get("/health").header("host", "rebound.example").send().await;
    assert_eq!(answer.problem(), "host-not-allowed");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_dev_everybody_on_this_machine_may_call_and_no_other_page() {
    let conductor = conductor().await;
    let config = Config::dev(conductor.admin_port(), [APP.to_owned()]);
    let far = config.clone().with_listen("0.0.0.0:0".parse().unwrap());
    assert!(Server::start(far).await.unwrap_err().to_string().contains("this machine"));
    let server = Server::start(config.with_listen("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let call = || post(server.address(), &format!("{PROBE}/echo_text")).json(&json!("hello"));
    assert_eq!(call().send().await.status, 200);
    assert_eq!(call().header("sec-fetch-site", "cross-site").send().await.problem(), "origin-not-allowed");
    assert_eq!(call().header("origin", "http://localhost:5173").send().await.problem(), "origin-not-allowed");
    assert_eq!(call().header("host", "rebound.example").send().await.problem(), "host-not-allowed");
    server.stop().await;
    conductor.shut_down().await;
}
