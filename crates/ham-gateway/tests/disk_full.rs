//! A disk that is full, under a gateway that runs: the system itself says so. Alone in its process, whose limit it lowers.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

#[expect(dead_code, reason = "the tests of HTTP need more")]
#[path = "http/client.rs"]
mod client;
#[path = "support/log.rs"]
mod log;
#[expect(dead_code, reason = "the tests of HTTP need more")]
#[path = "http/stage.rs"]
mod stage;

use std::time::Duration;

use http::StatusCode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::client::{Answer, Asking, get};
use crate::log::Log;
use crate::stage::Stage;

/// Files of this process take no more than so many bytes.
fn limit(bytes: Option<u64>) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum }).unwrap();
}

fn create(stage: &Stage, name: &str) -> Asking {
    let body = "b".repeat(200_000);
    let asked = stage.call("create_item").json(&json!({ "call_id": name, "body": body }));
    asked.header("idempotency-key", name)
}

async fn ready(stage: &Stage) -> Answer {
    get(stage.server.operations_address().unwrap(), "/health/ready").send().await
}

/// After one error the outbox took nothing until a restart, and `/health/ready` said that all was well. Later its log said that the outbox was
/// open again, and that it had failed, each time it was tried.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_full_disk_the_outbox_goes_on_by_itself() {
    // Whoever writes too much is told by an error, too.
    let _told = signal(SignalKind::from_raw(SIGXFSZ)).unwrap();
    let log = Log::default();
    let kept = log.clone();
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || kept.clone()).init();
    let stage = Stage::with(|mut config| {
        config.state_dir = config.keys.as_ref().map(|keys| keys.with_file_name("state"));
        config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
        config
    })
    .await;
    stage.server.ready().await;
    assert_eq!(create(&stage, "inv-1").send().await.status, StatusCode::OK);
    limit(Some(4_096));

    // Its record may be on the disk, so nobody says that it did not run.
    let lost = create(&stage, "inv-2").header("prefer", "wait=1").send().await;
    assert_eq!((lost.status.as_u16(), lost.problem().as_str()), (504, "outcome-unknown"), "{lost:?}");
    // What comes now is refused at once, and nothing is said of what has run before.
    for name in ["inv-1", "inv-3"] {
        let refused = create(&stage, name).send().await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "store-unavailable"));
        let problem = refused.json();
        assert_eq!((&problem["outcome"], &problem["retry"]), (&json!("unknown"), &json!("same")));
        assert!(refused.header("retry-after").is_some());
        assert!(!problem["detail"].as_str().unwrap().contains("os error"), "{problem}");
    }
    // One that is open is known all the same.
    let open = stage.get(lost.json()["call"].as_str().unwrap()).key(&stage.key).send().await;
    assert_eq!(open.status, StatusCode::OK, "{open:?}");
    // Without a key nothing has to be kept.
    let direct = stage.call("echo").json(&json!("hello")).send().await;
    assert_eq!(direct.json(), json!("hello"));
    let told = ready(&stage).await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(told.json()["why"].as_str().unwrap().contains("os error"), "{told:?}");
    let strangers = stage.get("/health/ready").send().await.json();
    assert_eq!(strangers, json!({ "ready": false }));
    assert!(stage.server.is_alive());

    limit(None);
    let again = async { while ready(&stage).await.status != StatusCode::OK {} };
    tokio::time::timeout(BOUND, again).await.expect("it goes on");
    // Its time was over before it was known to be on the disk, so it was not sent.
    let path = lost.json()["call"].as_str().unwrap().to_owned();
    let settled = stage.get(&path).key(&stage.key).header("prefer", "wait=30").send().await.json();
    assert_eq!((&settled["state"], &settled["outcome"]), (&json!("settled"), &json!("not_run")), "{settled}");
    for name in ["inv-1", "inv-2", "inv-3"] {
        let answer = create(&stage, name).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {answer:?}");
    }
    let items: Value = stage.call("list_items").json(&json!(null)).send().await.json();
    for name in ["inv-1", "inv-2", "inv-3"] {
        let times = items.as_array().unwrap().iter().filter(|item| item["call_id"] == name).count();
        assert_eq!(times, 1, "{name}");
    }
    stage.end().await;
    let logged = log.text();
    let said = |event: &str| logged.lines().filter(|line| line.contains(event)).collect::<Vec<_>>();
    assert_eq!(said("gateway.store.failed").len(), 1, "{logged}");
    let [again] = said("gateway.store.reopened")[..] else { panic!("it is said once: {logged}") };
    let failures = again.split("failures=").nth(1).unwrap().split(' ').next().unwrap();
    assert!(failures.parse::<u64>().unwrap() > 1, "it was tried more often: {again}");
}

/// Running into it means a hang.
const BOUND: Duration = Duration::from_secs(300);
/// On Linux.
const SIGXFSZ: i32 = 25;
