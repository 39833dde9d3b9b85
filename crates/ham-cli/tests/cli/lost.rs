//! Calls of a gateway whose conductor is killed under them.

use rustix::process::Signal;

use crate::gateway::{asked, started};
use crate::support::{Ham, probe};

/// It was said that its answer is kept when it comes, and none could come.
#[tokio::test]
async fn a_call_whose_answer_is_lost_is_cancelled_in_true_words() {
    let ham = Ham::new();
    let mut conductor = ham.start(&["dev", "--no-page", "--json", "--app", &probe()]);
    let port = started_conductor(&conductor.line(|_| true).await);
    let new = ["gateway", "key", "new", "--name", "t", "--app-id", "probe", "--function", "**", "--json"];
    let key = ham.run(&new).await.ok().json();
    let private = |name: &str, text: &str| {
        let path = ham.file(name, text);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let keys = private("keys.toml", key["stanza"].as_str().unwrap());
    let key_file = private("key", key["key"].as_str().unwrap());
    let state = ham.home.path().join("state");
    let file = ham.file(
        "gateway.toml",
        format!(
            "listen = \"127.0.0.1:0\"\nkeys = \"{keys}\"\nstate_dir = {state:?}\n[conductor]\n\
             admin_url = \"ws://localhost:{port}\"\n[[app]]\nid = \"probe\"\n"
        ),
    );
    let mut running = ham.start(&["gateway", "--json", "--config", &file]);
    let url = started(&mut running).await["url"].as_str().unwrap().to_owned();
    let ask = async |verb: &[&str]| {
        let rest = ["--gateway", &url, "--key-file", &key_file];
        ham.run(&[&["gateway", "calls"], verb, &rest].concat()).await
    };
    let head = format!(
        "POST /api/v1/apps/probe/roles/probe/zomes/probe/fns/slow_echo HTTP/1.1\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nPrefer: respond-async\r\nIdempotency-Key: slow",
        key["key"].as_str().unwrap()
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
        cancelled.failed(1, &["1 of them are not cancelled"]);
        assert!(cancelled.text().contains("its answer is kept if one comes"), "{cancelled}");
        conductor.signal(Signal::KILL);
        becomes("fencing").await;
        let lost = ask(&["cancel", &id]).await;
        lost.failed(1, &["1 of them are not cancelled"]);
        assert!(lost.text().contains("no answer comes any more"), "{lost}");
    }
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(0));
}

fn started_conductor(line: &str) -> String {
    let started: serde_json::Value = serde_json::from_str(line).unwrap();
    started["admin_port"].to_string()
}
