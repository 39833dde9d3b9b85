//! Calls under a key, and what becomes of them.

use ham_gateway::{Config, NewKey, Server};
use http::StatusCode;
use serde_json::json;

use crate::client::Asking;
use crate::must;
use crate::stage::{Stage, config, everything, write_keys};

pub(crate) async fn staged() -> Stage {
    Stage::with(Config::with_temporary_state).await
}

trait WithState {
    fn with_temporary_state(self) -> Self;
}

impl WithState for Config {
    /// Beside the keys.
    fn with_temporary_state(mut self) -> Self {
        self.state_dir = self.keys.as_ref().map(|keys| keys.with_file_name("state"));
        self
    }
}

/// Makes an item that is named as its call is.
fn create(stage: &Stage, key: &str) -> Asking {
    stage.call("create_item").json(&json!({ "call_id": key, "body": "b" })).header("idempotency-key", key)
}

/// Makes one slowly.
pub(crate) fn create_slowly(stage: &Stage, name: &str, millis: u64) -> Asking {
    stage.call("slow_create").json(&json!({ "call_id": name, "millis": millis }))
}

fn look(stage: &Stage, path: &str) -> Asking {
    stage.get(path).key(&stage.key).header("prefer", "wait=30")
}

pub(crate) async fn times_on_the_chain(stage: &Stage, name: &str) -> usize {
    let items = stage.call("list_items").json(&json!(null)).send().await.json();
    items.as_array().unwrap().iter().filter(|item| item["call_id"] == name).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_a_key_is_made_once_and_answered_again() {
    let stage = staged().await;
    let first = create(&stage, "inv-1").send().await;
    assert_eq!((first.status, first.header("ham-outcome")), (StatusCode::OK, Some("answered")), "{first:?}");
    assert_eq!(first.header("idempotent-replayed"), None);
    // Quotes and spaces make no other request.
    let again = create(&stage, "inv-1").header("idempotency-key", "\"inv-1\"");
    let again = again.body("{ \"call_id\":\"inv-1\", \"body\" : \"b\"}").send().await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, first.json()));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.header("ham-call-id"), first.header("ham-call-id"));
    let packed = create(&stage, "inv-1").header("accept", "application/vnd.msgpack").send().await;
    assert_eq!(packed.header("content-type"), Some("application/vnd.msgpack"));
    assert_eq!(times_on_the_chain(&stage, "inv-1").await, 1);
    let other = create(&stage, "inv-1").json(&json!({ "call_id": "inv-1", "body": "other" })).send().await;
    assert_eq!((other.status.as_u16(), other.problem().as_str()), (422, "idempotency-key-reused"));
    // An answered error keeps its key.
    let fail = || stage.call("fail").json(&json!("no")).header("idempotency-key", "inv-2");
    for replayed in [None, Some("true")] {
        let failed = fail().send().await;
        assert_eq!((failed.status.as_u16(), failed.problem().as_str()), (422, "zome-error"));
        assert_eq!(failed.header("idempotent-replayed"), replayed);
    }
    let call = format!("/api/v1/calls/{}", first.header("ham-call-id").unwrap());
    let shown = look(&stage, &call).send().await.json();
    assert_eq!((&shown["state"], &shown["outcome"]), (&json!("settled"), &json!("answered")), "{shown}");
    assert_eq!((&shown["answer"], &shown["attempts"]), (&first.json(), &json!(1)), "{shown}");
    stage.end().await;
}

/// A repeat that was refused before anybody had looked at its call said that the call had not run.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_nothing_of_a_call_that_nobody_has_looked_at() {
    let stage = staged().await;
    assert_eq!(create(&stage, "inv-1").send().await.status, StatusCode::OK);
    for (refused, status) in [
        (create(&stage, "inv-1").key("ham_A_wrong"), 401),
        (create(&stage, "inv-1").header("origin", "https://evil.example"), 403),
        (look(&stage, "/api/v1/calls/01M8J10V1SQV71CG9X56JPDN5W"), 404),
    ] {
        let answer = refused.send().await;
        assert_eq!(answer.status.as_u16(), status);
        let problem = answer.json();
        let said = (&problem["outcome"], &problem["effect"], &problem["settled"]);
        assert_eq!(said, (&json!("unknown"), &json!("unknown"), &json!(false)), "{problem}");
        assert_eq!(answer.header("ham-outcome"), Some("unknown"));
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_under_one_key_at_a_time_are_one_call() {
    let stage = staged().await;
    let asked = (0..8).map(|_| create_slowly(&stage, "inv-1", 200).header("idempotency-key", "inv-1").send());
    let answers = futures_util::future::join_all(asked).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, answers[0].json()), "{answer:?}");
    }
    assert_eq!(times_on_the_chain(&stage, "inv-1").await, 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_waits_for_is_accepted_and_followed() {
    let stage = staged().await;
    let ask = || create(&stage, "inv-1").header("prefer", "respond-async");
    let accepted = ask().header("ham-deliver-within", "3600").send().await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    assert_eq!(accepted.header("preference-applied"), Some("respond-async"));
    let place = accepted.header("location").unwrap();
    let settled = look(&stage, place).send().await;
    let shown = settled.json();
    assert_eq!((&shown["state"], &shown["outcome"]), (&json!("settled"), &json!("answered")), "{shown}");
    assert_eq!(settled.header("ham-outcome"), Some("answered"));
    // The same request again is answered now, and one that wants to wait as well.
    for prefer in ["respond-async", "wait=5, respond-async"] {
        let answer = ask().header("prefer", prefer).send().await;
        assert_eq!((answer.status, &answer.json()), (StatusCode::OK, &shown["answer"]));
    }
    let waited = create(&stage, "inv-2").header("prefer", "respond-async, wait=30").send().await;
    assert_eq!(waited.status, StatusCode::OK, "{waited:?}");
    for (within, name) in [("soon", "bad-request"), ("604801", "wait-too-long")] {
        let refused = ask().header("idempotency-key", "x").header("ham-deliver-within", within).send().await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, name));
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_to_wait_can_follow_the_call_with_a_key_or_without() {
    let stage = staged().await;
    // Else the second that is waited for may be over before it can be sent.
    must(stage.server.ready()).await;
    let keyed = create_slowly(&stage, "inv-1", 2_000).header("idempotency-key", "inv-1");
    for (asked, outcome) in [(keyed, "answered"), (create_slowly(&stage, "inv-2", 3_000), "arrived")] {
        let lost = asked.header("prefer", "wait=1").send().await;
        assert_eq!((lost.status.as_u16(), lost.problem().as_str()), (504, "outcome-unknown"), "{lost:?}");
        let problem = lost.json();
        assert_eq!((&problem["settled"], &problem["retry"]), (&json!(false), &json!("wait")));
        assert_eq!(lost.header("retry-after"), None);
        let shown = look(&stage, problem["call"].as_str().unwrap()).send().await.json();
        assert_eq!((&shown["state"], &shown["outcome"]), (&json!("settled"), &json!(outcome)), "{shown}");
    }
    assert_eq!(times_on_the_chain(&stage, "inv-1").await, 1);
    let doubtful = look(&stage, "/api/v1/calls?outcome=unknown,arrived").send().await.json();
    assert_eq!(doubtful["calls"].as_array().unwrap().len(), 1, "{doubtful}");
    assert_eq!(doubtful["calls"][0]["outcome"], "arrived");
    stage.end().await;
}

/// At its bound the outbox says so, and what it does not take did not run.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_outbox_says_so() {
    let stage = Stage::with(|config| {
        let mut config = config.with_temporary_state();
        config.outbox.records = 1;
        config
    })
    .await;
    assert_eq!(create(&stage, "inv-1").send().await.status, StatusCode::OK);
    for prefer in ["wait=5", "respond-async", "respond-async, wait=5"] {
        let full = create(&stage, "inv-2").header("prefer", prefer).send().await;
        assert_eq!((full.status.as_u16(), full.problem().as_str()), (503, "store-full"), "{full:?}");
        assert_eq!((&full.json()["outcome"], &full.json()["settled"]), (&json!("not_run"), &json!(true)));
    }
    // What was made without it and lost is settled all the same.
    let lost = create_slowly(&stage, "inv-3", 3_000).header("prefer", "wait=1").send().await;
    assert_eq!((lost.status.as_u16(), lost.problem().as_str()), (504, "outcome-unknown"), "{lost:?}");
    let shown = look(&stage, lost.json()["call"].as_str().unwrap()).send().await.json();
    assert_eq!((&shown["outcome"], &shown["attempts"]), (&json!("arrived"), &json!(1)), "{shown}");
    assert!(!shown["why"].as_str().unwrap().contains("link"), "{shown}");
    assert_eq!(times_on_the_chain(&stage, "inv-2").await, 0);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_gateway_goes_on_with_what_waited_and_keys_do_not_see_each_other() {
    let stage = staged().await;
    // Stopped while it asks for a grant, it would wait for half a minute to learn what became of that.
    stage.server.ready().await;
    let slowly = create_slowly(&stage, "inv-1", 700).header("idempotency-key", "inv-1");
    let mut places = Vec::new();
    for asked in [slowly, create(&stage, "inv-2"), create(&stage, "inv-3")] {
        let accepted = asked.header("prefer", "respond-async").send().await;
        places.push(accepted.header("location").unwrap().to_owned());
    }
    stage.server.stop().await;
    // Another key beside the first one, and one for operators.
    let keys = stage.directory.path().join("keys.toml");
    let [other, operator] = [NewKey::new().unwrap(), NewKey::new().unwrap()];
    let all = everything(&operator).replace("\"feed\"", "\"calls:all\"");
    let text = std::fs::read_to_string(&keys).unwrap();
    write_keys(&keys, &format!("{text}\n{}\n{all}", everything(&other)));
    let config = config(stage.conductor.admin_port(), stage.directory.path()).with_temporary_state();
    let stage = Stage { server: Server::start(config).await.unwrap(), ..stage };
    for place in &places {
        let shown = look(&stage, place).send().await.json();
        assert_eq!((&shown["state"], &shown["outcome"]), (&json!("settled"), &json!("answered")), "{shown}");
    }
    let by = |key: &NewKey| stage.get(&places[0]).key(key.expose());
    assert_eq!(by(&other).send().await.status, StatusCode::NOT_FOUND);
    assert_eq!(by(&operator).send().await.status, StatusCode::OK);
    stage.end().await;
}
