//! Calls that wait, and whoever does not want them any more.

use ham_gateway::Server;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Asking, asking};
use crate::keyed::{create_slowly, staged, times_on_the_chain};
use crate::must;
use crate::stage::{PROBE, lost};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_conductor_calls_wait_are_listed_and_cancelled() {
    let stage = staged().await;
    stage.server.ready().await;
    stage.conductor.shut_down().await;
    lost(stage.server.address()).await;
    let stage = &Kept { server: stage.server, key: stage.key, _directory: stage.directory };
    // Nobody heard of it, so the key is free again.
    for _ in 0..2 {
        let answer = stage.create("inv-0").header("prefer", "wait=1").send().await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "conductor-unreachable"));
        assert!(answer.header("retry-after").is_some());
    }
    let mut places = Vec::new();
    for key in ["inv-1", "inv-2", "inv-3"] {
        let accepted = stage.create(key).header("prefer", "respond-async").send().await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
        places.push(accepted.header("location").unwrap().to_owned());
    }
    let names = |list: &Value| -> Vec<String> {
        let names = list["calls"].as_array().unwrap().iter();
        names.map(|call| format!("/api/v1/calls/{}", call["id"].as_str().unwrap())).collect()
    };
    let newest = stage.get("/api/v1/calls?state=open").send().await.json();
    assert_eq!(names(&newest), [&*places[2], &*places[1], &*places[0]]);
    let oldest = stage.get("/api/v1/calls?order=oldest&limit=2").send().await.json();
    assert_eq!(names(&oldest), places[..2]);
    let rest = format!("/api/v1/calls?order=oldest&after={}", oldest["next"].as_str().unwrap());
    assert_eq!(names(&stage.get(&rest).send().await.json()), places[2..]);
    for bad in ["state=settled", "limit=0", "limit=101", "order=size", "after=x", "x=1", "outcome=answered"] {
        let answer = stage.get(&format!("/api/v1/calls?{bad}")).send().await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "bad-request"), "{bad}");
    }
    let open = stage.get(&places[0]).send().await;
    assert_eq!((open.json()["state"].clone(), open.header("retry-after")), (json!("queued"), Some("2")));
    let cancelled = stage.post(&format!("{}/cancel", places[1])).send().await.json();
    assert_eq!((&cancelled["state"], &cancelled["outcome"]), (&json!("settled"), &json!("not_run")));
    assert_eq!(cancelled["problem"]["type"], "https://ham.invalid/problems.md#cancelled", "{cancelled}");
    // A client that sends its request again does not undo that.
    for prefer in ["respond-async", "wait=1"] {
        let again = stage.create("inv-2").header("prefer", prefer).send().await;
        assert_eq!((again.status.as_u16(), again.problem().as_str()), (409, "cancelled"), "{again:?}");
        assert_eq!(
            (&again.json()["outcome"], &again.json()["retry"]),
            (&json!("not_run"), &json!("new-key"))
        );
        assert_eq!(again.header("retry-after"), None);
    }
    // Neither does one that waits for it meanwhile.
    let (told, ()) = tokio::join!(stage.create("inv-3").header("prefer", "wait=30").send(), async {
        let cancelled = stage.post(&format!("{}/cancel", places[2])).send().await;
        assert_eq!(cancelled.json()["state"], "settled");
    });
    assert_eq!((told.status.as_u16(), told.problem().as_str()), (409, "cancelled"), "{told:?}");
    let gone = stage.get("/api/v1/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV").send().await;
    assert_eq!((gone.status.as_u16(), gone.problem().as_str()), (404, "not-found"));
}

/// The answer of a call that ran was thrown away when somebody cancelled it.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_has_left_is_not_called_back() {
    let stage = staged().await;
    let accepted = create_slowly(&stage, "inv-1", 1_000).header("idempotency-key", "inv-1");
    let accepted = accepted.header("prefer", "respond-async").send().await;
    let place = accepted.header("location").unwrap();
    // On a machine that stands still it may have its answer when it is looked at.
    must(async { while stage.get(place).key(&stage.key).send().await.json()["state"] == "queued" {} }).await;
    // The conductor runs it by now, or is about to.
    let cancel = asking(stage.server.address(), Method::POST, &format!("{place}/cancel"));
    let shown = cancel.key(&stage.key).send().await.json();
    match times_on_the_chain(&stage, "inv-1").await {
        1 => {
            assert_eq!((&shown["outcome"], shown["answer"].is_null()), (&json!("answered"), false), "{shown}")
        }
        // It was quicker than its first byte.
        _ => assert_eq!(shown["problem"]["type"], "https://ham.invalid/problems.md#cancelled", "{shown}"),
    }
    stage.end().await;
}

/// A gateway whose conductor is gone.
struct Kept {
    server: Server,
    key: String,
    _directory: tempfile::TempDir,
}

impl Kept {
    fn asking(&self, method: Method, path: &str) -> Asking {
        asking(self.server.address(), method, path).key(&self.key)
    }

    fn get(&self, path: &str) -> Asking {
        self.asking(Method::GET, path)
    }

    fn post(&self, path: &str) -> Asking {
        self.asking(Method::POST, path)
    }

    fn create(&self, key: &str) -> Asking {
        let asked = self.post(&format!("{PROBE}/create_item")).header("idempotency-key", key);
        asked.json(&json!({ "call_id": key, "body": "b" }))
    }
}
