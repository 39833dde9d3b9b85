//! A conductor that is down, and comes back.

use serde_json::json;

use crate::asking::{Answer, ask};
use crate::stage::Stage;

/// `tests/websocket.rs`: `reconnect_gives_up`, `reconnect_on_failed_websocket`.
#[tokio::test(flavor = "multi_thread")]
async fn a_conductor_that_is_down_is_502_and_is_found_again() {
    let mut stage = Stage::set(1_000).await;
    let path = format!("{}?payload=ImhlbGxvIg==", stage.call("echo_text"));
    // The other gateway has seen neither app.
    stage.conductor.stop().await.unwrap();
    let down = Answer::error(502, "Could not connect to Holochain");
    let not_installed =
        Answer::error(404, "Error selecting a valid app: App is not installed on the conductor");
    if let Some(theirs) = &stage.theirs {
        assert_eq!(ask(theirs.address, "GET", &path).await, not_installed);
    }
    let answer = ask(stage.ours.address(), "GET", &path).await;
    assert_eq!(answer.body["outcome"], json!("not_run"));
    assert_eq!(answer.without_outcome(), down);
    stage.conductor.restart().await.unwrap();
    stage.conductor.wait_until_callable(crate::stage::APP).await.unwrap();
    stage.ours.ready().await;
    let well = Answer::new(200, "hello");
    assert_eq!(ask(stage.ours.address(), "GET", &path).await, well);
    if let Some(theirs) = &stage.theirs {
        assert_eq!(ask(theirs.address, "GET", &path).await, well);
    }
    stage.conductor.stop().await.unwrap();
    if let Some(theirs) = &stage.theirs {
        assert_eq!(ask(theirs.address, "GET", &path).await, down);
    }
    let answer = ask(stage.ours.address(), "GET", &path).await;
    assert_eq!(answer.without_outcome(), down);
    stage.ours.stop().await;
}
