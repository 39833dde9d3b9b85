//! `ham call`.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::conductor::{call, ready, run};
use crate::support::{Ham, probe};

#[test]
fn a_call_carries_json_both_ways_from_every_place() {
    run(async {
        let ham = ready().await;
        let payload = json!({
            "u": u64::MAX, "i": i64::MIN, "f": 0.1, "one": 1.0, "bytes": { "$bytes": "AAEC/w==" }, "nil": null,
            "list": [true, "text", []], "none": {}
        });
        assert_eq!(call(&ham, "echo", &payload).await.to_string(), payload.to_string());

        let hash = call(&ham, "create_item", &json!({ "call_id": "1", "body": "b" })).await;
        assert!(hash["$hash"].as_str().unwrap().starts_with("uhCkk"), "{hash}");
        assert_eq!(call(&ham, "get_item", &hash).await, json!({ "call_id": "1", "body": "b" }));

        let echo = ["call", "--json", "probe", "probe", "echo"];
        let absent = ham.run(&echo).await.ok().json();
        assert_eq!(absent, Value::Null);
        let from_stdin = ham.run_with(&[&echo[..], &["-"]].concat(), b"[1, 2]").await.ok().json();
        assert_eq!(from_stdin, json!([1, 2]));
        let file = format!("@{}", ham.file("payload.json", "\"of the file\""));
        assert_eq!(ham.run(&[&echo[..], &[file.as_str()]].concat()).await.ok().json(), "of the file");
        assert_eq!(ham.run(&[&echo[..], &["-5"]].concat()).await.ok().json(), -5);

        let raw = ham.run(&["call", "--raw", "probe", "probe", "echo", "[1]"]).await.ok();
        assert_eq!(raw.stdout, [0x91, 1]);

        // All these calls were signed by one key, granted once.
        let grants = ham.run(&["grants", "list", "--json"]).await.ok().json();
        let ours = grants["grants"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|grant| grant["tag"].as_str().unwrap().starts_with("ham:"));
        assert_eq!(ours.count(), 1);
    });
}

#[test]
fn a_call_that_fails_says_what_became_of_it() {
    run(async {
        let ham = ready().await;
        let call = async |arguments: &[&str]| ham.run(&[&["call"][..], arguments].concat()).await;
        call(&["nobody", "probe", "echo"])
            .await
            .failed(6, &["no role", "nobody", "probe", "outcome: not run"]);
        call(&["probe", "nowhere", "echo"])
            .await
            .failed(1, &["nowhere", "outcome: answered; nothing was written"]);
        call(&["probe", "probe", "nothing"])
            .await
            .failed(1, &["nothing", "outcome: answered; nothing was written"]);
        call(&["probe", "probe", "echo_text", "5"]).await.failed(
            1,
            &["Deserialize", "outcome: answered", "a different argument than it was given, which was 5;"],
        );
        call(&["probe", "probe", "fail", "\"as asked\""])
            .await
            .failed(1, &["as asked", "nothing was written"]);
        let invalid = r#"{"call_id": "1", "body": "invalid"}"#;
        call(&["probe", "probe", "create_item", invalid])
            .await
            .failed(1, &["InvalidCommit", "nothing was written"]);

        let failed = ham.run(&["call", "--json", "probe", "probe", "fail", "\"boo\""]).await;
        let error: Value = serde_json::from_str(failed.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(error["exit"], 1);
        assert!(error["outcome"].as_str().unwrap().starts_with("answered"), "{error}");

        // Computes for longer than the answer may take.
        let slow = r#"{"millis": 10000, "text": "late"}"#;
        call(&["--timeout", "5s", "probe", "probe", "slow_echo", slow])
            .await
            .failed(4, &["outcome: unknown", "read the chain"]);
    });
}

/// Case: a letter that was missing was told as it was, and nothing of what is there.
#[test]
fn a_name_that_is_mistyped_is_told_what_was_meant() {
    run(async {
        let ham = ready().await;
        let call = ["call", "probe", "prob", "echo", "1"];
        ham.run(&call).await.failed(1, &["did you mean the zome `probe`?"]);
        // Two roles: the one that has such a zome is not found.
        ham.run(&["call", "leger", "total"]).await.failed(2, &["did you mean the zome `ledger`?"]);
        let call = ["call", "--conductor", "embedded", "--app", &probe(), "probe", "probe"];
        for words in [&["creat_item", "1"][..], &["creat_item"]] {
            let ran = Ham::new().run(&[&call[..], words].concat()).await;
            ran.failed(1, &["did you mean the function `create_item`?"]);
        }
        let nothing = Ham::new().run(&[&call[..], &["zzz", "1"]].concat()).await;
        nothing.failed(1, &["zzz"]);
        assert!(!nothing.to_string().contains("did you mean"), "{nothing}");
    });
}

#[test]
fn an_interrupted_call_says_that_its_outcome_is_unknown() {
    run(async {
        let ham = ready().await;
        // The key is granted before, so that what is interrupted is the call.
        call(&ham, "echo", &Value::Null).await;
        let slow = r#"{"millis": 10000, "text": "late"}"#;
        let mut running = ham.start(&["call", "probe", "probe", "slow_echo", slow]);
        running.said("waiting for the answer").await;
        running.signal(Signal::INT);
        running.said("outcome is unknown").await;
        assert_eq!(running.ended().await, Some(130));
    });
}

#[test]
fn an_answer_that_json_cannot_show_is_told_and_raw_gets_it() {
    run(async {
        let ham = ready().await;
        let echo = ["call", "probe", "probe", "echo", "--raw-payload", "-"];
        // A map with the key 1, and an extension type.
        for (payload, why) in [(&[0x81, 1, 0xc0][..], "not a string"), (&[0xd4, 5, 1], "extension type 5")] {
            let shown = ham.run_with(&echo, payload).await;
            shown.failed(1, &["the call succeeded", why, "--raw"]);
            assert!(shown.stdout.is_empty(), "{shown}");
            assert_eq!(ham.run_with(&[&echo[..], &["--raw"]].concat(), payload).await.ok().stdout, payload);
        }
        // Bytes inside bytes come back marked.
        let who = call(&ham, "whoami", &Value::Null).await;
        let inner = json!({
            "cell_id": [who["dna_hash"], who["agent"]], "zome": "probe", "function": "count_items",
            "payload": { "$bytes": "wA==" }
        });
        assert_eq!(call(&ham, "call_other_cell", &inner).await, json!({ "$bytes": "AA==" }));
    });
}

#[test]
fn a_payload_that_is_no_message_pack_is_refused_by_the_zome() {
    run(async {
        let ham = ready().await;
        let arguments = ["call", "probe", "probe", "echo_text", "--raw-payload", "-"];
        ham.run_with(&arguments, &[0xc1]).await.failed(1, &["outcome: answered", "what to do:"]);
    });
}
