//! Calls of a gateway whose conductor is killed under them.

use rustix::process::Signal;

use crate::gateway::asked;
use crate::keeping::{Keeping, calls, keeping};
use crate::support::{Ham, probe};

/// It was said that its answer is kept when it comes, and none could come.
#[tokio::test]
async fn a_call_whose_answer_is_lost_is_cancelled_in_true_words() {
    let ham = Ham::new();
    let mut conductor = ham.start(&["dev", "--no-page", "--json", "--app", &probe()]);
    let port = started_conductor(&conductor.line(|_| true).await);
    let Keeping { running, url, key, key_file } = keeping(&ham, "probe", &port).await;
    let ask = async |verb: &[&str]| calls(&ham, &url, &key_file, verb).await;
    let head = format!(
        "POST /api/v1/apps/probe/roles/probe/zomes/probe/fns/slow_echo HTTP/1.1\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nPrefer: respond-async\r\nIdempotency-Key: slow"
    );
    let answer = asked(&url, &head, r#"{"millis": 300000, "text": ""}"#).await;
    let id = answer.lines().find_map(|line| line.strip_prefix("ham-call-id: ")).unwrap().to_owned();
    let becomes = async |state: &str| {
        while ask(&["show", &id, "--json"]).await.ok().json()["state"] != state {}
    };
    becomes("signed").await;
    // It has left by now, or is about to: what is said holds either way.
    let cancelled = ask(&["cancel", &id]).await;
    if cancelled.code != Some(0) {
        cancelled.failed(1, &["it is not cancelled"]);
        assert!(cancelled.text().contains("its answer is kept if one comes"), "{cancelled}");
        conductor.signal(Signal::KILL);
        becomes("fencing").await;
        let lost = ask(&["cancel", &id]).await;
        lost.failed(1, &["it is not cancelled"]);
        assert!(lost.text().contains("no answer comes any more"), "{lost}");
    }
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(0));
}

fn started_conductor(line: &str) -> String {
    let started: serde_json::Value = serde_json::from_str(line).unwrap();
    started["admin_port"].to_string()
}
