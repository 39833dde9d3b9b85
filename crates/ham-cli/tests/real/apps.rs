//! What the binary shows of an app: that it is there, its signals, its grants.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::conductor::{call, ready, release, run};

#[test]
fn ping_info_and_state_show_the_app() {
    run(async {
        let ham = ready().await;
        assert!(ham.run(&["ping", "--json"]).await.ok().json()["round_trip_ms"].as_f64().unwrap() > 0.0);
        assert!(ham.run(&["ping"]).await.ok().text().contains("answered"));
        let info = ham.run(&["info", "--json"]).await.ok().json();
        assert_eq!(info["holochain_release"], release().await.name());
        assert_eq!(info["status"], "enabled");
        assert_eq!(info["signing"], "client");
        let roles: Vec<&str> =
            info["cells"].as_array().unwrap().iter().map(|c| c["role"].as_str().unwrap()).collect();
        assert!(roles.contains(&"probe") && roles.contains(&"ledger"), "{roles:?}");
        assert!(ham.run(&["info"]).await.ok().text().contains("uhC0k"));
        assert_eq!(ham.run(&["state", "--json"]).await.ok().json()["state"], "live");
        // None of them signed anything, so nothing was granted.
        assert!(!ham.credentials().exists());
    });
}

#[test]
fn signals_are_printed_as_they_come() {
    run(async {
        let ham = ready().await;
        let mut following = ham.start(&["signals", "--json"]);
        following.said("listening").await;
        call(&ham, "emit", &json!("hello")).await;
        let line = following.line(|line| line.contains("emitted")).await;
        let signal: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(signal["type"], "signal");
        assert_eq!((&signal["role"], &signal["zome"]), (&json!("probe"), &json!("probe")));
        assert_eq!(signal["payload"], json!({ "type": "emitted", "text": "hello" }));
        following.signal(Signal::TERM);
        assert_eq!(following.ended().await, Some(143));

        let mut counted = ham.start(&["signals", "--count", "1"]);
        counted.said("listening").await;
        call(&ham, "emit", &json!("for people")).await;
        counted.line(|line| line.starts_with("probe/probe") && line.contains("for people")).await;
        assert_eq!(counted.ended().await, Some(0));
    });
}

#[test]
fn grants_are_listed_and_revoked() {
    run(async {
        let ham = ready().await;
        call(&ham, "echo", &Value::Null).await;
        let grants = async |more: &[&str]| {
            let listed = ham.run(&[&["grants", "list", "--json"][..], more].concat()).await.ok().json();
            listed["grants"].as_array().unwrap().clone()
        };
        let ours = |grant: &&Value| grant["tag"].as_str().unwrap().starts_with("ham:");
        let before = grants(&[]).await;
        let grant = before.iter().find(ours).unwrap();
        assert_eq!((&grant["role"], &grant["access"]), (&json!("probe"), &json!("assigned")));
        let hash = grant["grant"].as_str().unwrap();
        assert!(ham.run(&["grants", "list"]).await.ok().text().contains(hash));

        ham.run(&["grants", "revoke", hash]).await.ok();
        assert!(!grants(&[]).await.iter().any(|grant| grant["grant"] == hash));
        let revoked = grants(&["--revoked"]).await;
        assert!(revoked.iter().any(|grant| grant["grant"] == hash && grant["revoked"].is_string()));
        ham.run(&["grants", "revoke", hash]).await.failed(1, &["no such grant in force"]);
        ham.run(&["grants", "revoke", "uhCkk"]).await.failed(2, &["not an action hash"]);
    });
}
