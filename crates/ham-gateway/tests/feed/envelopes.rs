//! As envelopes.

use std::time::Duration;

use ham_envelope::{Client, Config, Envelope, Incoming};
use ham_gateway::NewKey;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::client::get;
use crate::stage::{BOUND, Stage, config, must, stanza, write_keys};

/// A client that runs, and what is pushed to it.
struct Talk {
    client: Client,
    pushed: mpsc::Receiver<Envelope>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Talk {
    #[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
    fn start(stage: &Stage, key: &str) -> Self {
        let (sender, pushed) = mpsc::channel(1000);
        let handler = move |incoming: Incoming| {
            let sender = sender.clone();
            async move {
                if let Incoming::Envelope { envelope, .. } = incoming {
                    sender.send(envelope).await.unwrap();
                }
            }
        };
        let url = format!("ws://{}/connect", stage.server.address()).parse().unwrap();
        let config = Config::new(url).with_endpoint(|endpoint| endpoint.with_token(key));
        let client = Client::new(config, handler).unwrap();
        let stop = CancellationToken::new();
        let (runs, until) = (client.clone(), stop.clone());
        let running = tokio::spawn(async move {
            // How it ends is not what is tested.
            let _ = runs.run(until).await;
        });
        Self { client, pushed, stop, running }
    }

    async fn ask(&self, kind: &str, payload: Value) -> (String, Value) {
        let request = Envelope::request(kind).with_payload(payload).unwrap();
        let answer = must(self.client.request(request, BOUND)).await.unwrap();
        (answer.kind.clone(), answer.payload_as().unwrap())
    }

    async fn next(&mut self) -> (String, Value) {
        let pushed = must(self.pushed.recv()).await.unwrap();
        (pushed.kind.clone(), pushed.payload_as().unwrap())
    }

    async fn end(self) {
        self.stop.cancel();
        must(self.running).await.unwrap();
    }
}

fn call(function: &str, payload: Value) -> Value {
    json!({ "app": "shop", "role": "features", "zome": "features", "fn": function, "payload": payload })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zome_is_called_and_its_signals_come_on_one_connection() {
    let stage = Stage::start().await;
    let mut talk = Talk::start(&stage, &stage.key);
    assert_eq!(talk.ask("ping", json!(null)).await.0, "pong");
    let follow = json!({ "chains": ["supply_chain"], "types": ["emitted"] });
    let (kind, told) = talk.ask("subscribe.signals", follow).await;
    assert_eq!((kind.as_str(), &told["chains"]), ("subscribed", &json!(["supply_chain"])));
    let start = told["id"].clone();
    let (kind, answer) = talk.ask("zome.call", call("signal", json!("hello"))).await;
    assert_eq!(kind, "zome.answer");
    assert_eq!((&answer["outcome"], &answer["answer"]), (&json!("answered"), &json!(null)));
    let (kind, event) = talk.next().await;
    assert_eq!((kind.as_str(), &event["data"]["payload"]["text"]), ("new_event", &json!("hello")));
    assert_eq!(event["chain_name"], "supply_chain");
    // What came since then is told again on another connection.
    let mut again = Talk::start(&stage, &stage.key);
    let follow = json!({ "chains": ["supply_chain"], "types": ["emitted"], "since": start });
    assert_eq!(again.ask("subscribe.signals", follow).await.1["id"], start);
    assert_eq!(again.next().await, (kind, event));
    assert_eq!(
        talk.ask("unsubscribe.signals", json!({ "chains": ["supply_chain"] })).await.0,
        "unsubscribed"
    );
    talk.ask("zome.call", call("signal", json!("not heard"))).await;
    assert_eq!(again.next().await.1["data"]["payload"]["text"], "not heard");
    assert_eq!(talk.ask("ping", json!(null)).await.0, "pong");
    assert!(talk.pushed.try_recv().is_err());
    again.end().await;
    talk.end().await;
    stage.end().await;
}

/// Under one key a call is made once, whether by envelope or over HTTP.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_a_key_is_made_once_and_followed() {
    let stage = Stage::with(|config, directory| config.with_state_dir(directory.join("state"))).await;
    let talk = Talk::start(&stage, &stage.key);
    let mut keyed = call("create_note", json!("once"));
    keyed["idempotency_key"] = json!("k-1");
    let (kind, answer) = talk.ask("zome.call", keyed.clone()).await;
    assert_eq!((kind.as_str(), &answer["outcome"]), ("zome.answer", &json!("answered")), "{answer}");
    let again = talk.ask("zome.call", keyed).await.1;
    assert_eq!((&again["answer"], &again["call_id"]), (&answer["answer"], &answer["call_id"]));
    let (kind, told) = talk.ask("call.get", json!({ "id": answer["call_id"] })).await;
    assert_eq!((kind.as_str(), &told["state"]), ("call", &json!("settled")), "{told}");
    let mut later = call("create_note", json!("later"));
    later["idempotency_key"] = json!("k-2");
    later["respond_async"] = json!(true);
    later["wait_s"] = json!(0);
    let (kind, accepted) = talk.ask("zome.call", later).await;
    assert!(matches!(kind.as_str(), "zome.accepted" | "zome.answer"), "{accepted}");
    assert!(accepted["call_id"].is_string(), "{accepted}");
    let (kind, listed) = talk.ask("call.list", json!({ "outcome": "unknown,arrived", "limit": 5 })).await;
    assert_eq!((kind.as_str(), &listed["calls"]), ("calls", &json!([])), "{listed}");
    assert_eq!(talk.ask("call.list", json!(null)).await.0, "calls");
    let settled = json!({ "id": answer["call_id"], "wait_s": 1 });
    let (kind, told) = talk.ask("call.cancel", settled).await;
    assert_eq!((kind.as_str(), &told["outcome"]), ("call", &json!("answered")), "{told}");
    let (kind, info) = talk.ask("app.info", json!({ "app": "shop" })).await;
    assert_eq!(kind, "app.info", "{info}");
    talk.end().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_a_problem_with_words() {
    let stage = Stage::start().await;
    let talk = Talk::start(&stage, &stage.key);
    for (kind, payload, name, words) in [
        ("zome.call", call("no_such_function", json!(null)), "function-not-found", ""),
        ("zome.call", call("guest_error", json!("as asked")), "zome-error", "as asked"),
        (
            "zome.call",
            json!({ "app": "other/x", "role": "r", "zome": "z", "fn": "f" }),
            "bad-request",
            "slash",
        ),
        ("subscribe.signals", json!({ "chains": ["nowhere"] }), "not-found", "unknown chain: nowhere"),
        ("subscribe.signals", json!({}), "bad-request", "chains"),
        ("dance", json!(null), "bad-request", "zome.call"),
        (
            "zome.call",
            json!({ "app": "shop", "role": "r", "zome": "z", "fn": "f", "idempotency_key": "a\u{0}b" }),
            "bad-idempotency-key",
            "visible",
        ),
    ] {
        let (answered, problem) = talk.ask(kind, payload).await;
        let described = problem["type"].as_str().unwrap_or_default();
        assert_eq!((answered.as_str(), described.rsplit('#').next()), ("error", Some(name)), "{problem}");
        assert!(problem["message"].as_str().unwrap().contains(words), "{problem}");
        assert!(problem["outcome"].is_string() && problem["retry"].is_string(), "{problem}");
    }
    let (kind, problem) = talk.ask("zome.call", json!({ "app": "shop" })).await;
    assert_eq!(kind, "error");
    assert!(problem["message"].as_str().unwrap().contains("role"), "{problem}");
    talk.end().await;
    stage.end().await;
}

/// Such an answer was never sent, and such an event ended the connection whenever it was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn what_fits_into_no_envelope_is_told() {
    let stage = Stage::start().await;
    let mut talk = Talk::start(&stage, &stage.key);
    let (kind, told) = talk.ask("zome.call", call("large_answer", json!(900_000))).await;
    assert_eq!((kind.as_str(), &told["outcome"]), ("error", &json!("answered")), "{told}");
    assert!(told["message"].as_str().unwrap().contains("larger than an envelope"), "{told}");
    let (kind, told) = talk.ask("zome.call", call("guest_error", json!("x".repeat(600_000)))).await;
    assert_eq!((kind.as_str(), &told["outcome"]), ("error", &json!("answered")), "{}", told["title"]);
    let follow = json!({ "chains": ["supply_chain"], "types": ["emitted"] });
    assert_eq!(talk.ask("subscribe.signals", follow).await.0, "subscribed");
    stage.call("features", "features", "signal", json!("x".repeat(1_100_000))).await;
    let (kind, gap) = talk.next().await;
    assert_eq!((kind.as_str(), &gap["cause"]), ("gap", &json!("too_large")), "{gap}");
    stage.call("features", "features", "signal", json!("small")).await;
    assert_eq!(talk.next().await.1["data"]["payload"]["text"], "small");
    talk.end().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_nothing_is_refused_before_the_upgrade() {
    let stage = Stage::start().await;
    let connect = |key: &str| get(stage.server.address(), "/connect").key(key);
    assert_eq!(get(stage.server.address(), "/connect").send().await.problem(), "no-key");
    assert_eq!(connect("ham_AAAAAA_wrong").send().await.problem(), "bad-key");
    // A right key, and no WebSocket.
    assert_eq!(connect(&stage.key).send().await.problem(), "upgrade-required");
    let limited = NewKey::new().unwrap();
    let caller = stanza(&limited, "**").replace("\"feed\"", "\"calls\"");
    write_keys(stage.directory.path(), &format!("{caller}{}", crate::following::stanza_of(&stage)));
    stage.server.reload(config(stage.conductor.admin_port(), stage.directory.path())).unwrap();
    let mut talk = Talk::start(&stage, limited.expose());
    let (kind, problem) = talk.ask("subscribe.signals", json!({ "chains": ["shop"] })).await;
    assert!(kind == "error" && problem["type"].as_str().unwrap().ends_with("#not-allowed"), "{problem}");
    // Taken back, its connection ends, and there is no other.
    let mut events = talk.client.events();
    write_keys(stage.directory.path(), &crate::following::stanza_of(&stage));
    stage.server.reload(config(stage.conductor.admin_port(), stage.directory.path())).unwrap();
    must(async {
        while talk.client.connected() {
            events.next().await;
        }
    })
    .await;
    let request = Envelope::request("ping");
    assert!(talk.client.request(request, Duration::from_millis(100)).await.is_err());
    talk.pushed.close();
    talk.end().await;
    stage.end().await;
}

/// Frames that could not be read were met by silence, calls without an id ran and answered nobody, and members with a slip in them
/// counted for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_done_is_told() {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;

    let stage = Stage::with(|config, directory| config.with_state_dir(directory.join("state"))).await;
    let url = format!("ws://{}/connect?token={}", stage.server.address(), stage.key);
    let stream = tokio::net::TcpStream::connect(stage.server.address()).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let slip = json!({ "kind": "zome.call", "id": "4", "payload": { "app": "shop", "idempotencykey": "k" } });
    let mut unheard = call("create_note", json!("unheard"));
    unheard["idempotency_key"] = json!("k-1");
    let without = json!({ "kind": "zome.call", "payload": unheard });
    let follow = json!({ "kind": "subscribe.signals", "id": "6", "payload": { "chains": [], "sinse": "x" } });
    for (frame, id, said) in [
        (Message::text("{"), None, "not the JSON"),
        (Message::binary(vec![1]), None, "binary"),
        (Message::text("{\"id\":\"1\"}"), Some("1"), "no kind"),
        (Message::text("{\"id\":\"2\",\"kind\":7}"), Some("2"), "not the JSON"),
        (Message::text("{\"id\":\"3\",\"kind\":\"what\"}"), Some("3"), "known are"),
        (Message::text(slip.to_string()), Some("4"), "idempotencykey"),
        (Message::text(without.to_string()), None, "no id"),
        (Message::text(follow.to_string()), Some("6"), "sinse"),
    ] {
        socket.send(frame.clone()).await.unwrap();
        let Message::Text(text) = must(socket.next()).await.unwrap().unwrap() else { panic!("{frame:?}") };
        let answer: Value = serde_json::from_str(&text).unwrap();
        let payload = &answer["payload"];
        assert_eq!((&answer["kind"], answer["in_reply_to"].as_str()), (&json!("error"), id), "{answer}");
        assert!(payload["message"].as_str().unwrap().contains(said), "{answer}");
        assert_eq!((&payload["outcome"], &payload["retry"]), (&json!("not_run"), &json!("fix")), "{answer}");
    }
    drop(socket);
    let talk = Talk::start(&stage, &stage.key);
    // Had that one run, its key would belong to it.
    let mut other = call("create_note", json!("heard"));
    other["idempotency_key"] = json!("k-1");
    assert_eq!(talk.ask("zome.call", other).await.0, "zome.answer");
    talk.end().await;
    stage.end().await;
}
