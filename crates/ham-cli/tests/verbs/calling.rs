//! Who may connect, and how long calls take.

use holochain_types::websocket::AllowedOrigins;
use serde_json::json;

use crate::support::{Ham, probe};
use crate::{conductor, json, run};

#[test]
fn a_token_connects_until_it_is_revoked() {
    run(async {
        let (conductor, ham) = conductor().await;
        let ham = ham.with("HAM_APP_ID", "one");
        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        let issue = ["token", "issue", "--expires", "0", "--reusable"];
        let token = json(&ham, &issue).await["token"].as_str().unwrap().to_owned();
        let file = ham.file("token", &token);
        let port = conductor.attach_app_interface(0, AllowedOrigins::Any, Some("one")).await.unwrap();
        let page = Ham::new()
            .with("HAM_APP_ID", "one")
            .with("HAM_APP_URL", format!("ws://localhost:{port}"))
            .with("HAM_APP_TOKEN_FILE", &file);
        page.run(&["ping"]).await.ok();
        let revoked = ham.run_with(&["token", "revoke", "-"], token.as_bytes()).await.ok();
        assert!(revoked.text().contains("revoked"), "{revoked}");
        let refused = page.run(&["ping"]).await;
        refused.failed(3, &[]);
        assert!(!refused.all().contains(&token));
        for wrong in [&b"*"[..], b""] {
            ham.run_with(&["token", "revoke", "-"], wrong).await.failed(2, &["token"]);
        }
    });
}

#[test]
fn a_function_is_measured_and_each_call_is_counted() {
    run(async {
        let (_conductor, ham) = conductor().await;
        let ham = ham.with("HAM_APP_ID", "one");
        ham.run(&["app", "install", &probe(), "--id", "one"]).await.ok();
        // The first call of a real conductor on a busy machine compiles and has a grant written for ten seconds and more.
        let bench =
            ["bench", "probe", "probe", "echo_text", "\"x\"", "--calls", "50", "--read-only", "--for", "60"];
        let measured = json(&ham, &bench).await;
        assert_eq!((&measured["answered"], &measured["others"]), (&json!(50), &json!([])), "{measured}");
        assert!(measured["quantiles"]["p99_us"].as_u64() <= measured["slowest_us"].as_u64(), "{measured}");
        let writes =
            ["bench", "probe", "probe", "create_item", "{\"call_id\":\"a\",\"body\":\"b\"}", "--calls", "9"];
        assert_eq!(json(&ham, &writes).await["answered"], 9);
        // And the one before them, which is not counted.
        assert_eq!(json(&ham, &["call", "probe", "probe", "count_items"]).await, 10);
        // As with `ham call`, one role alone has the zome.
        let inferred = ["bench", "ledger", "total", "--calls", "5", "--read-only"];
        assert_eq!(json(&ham, &inferred).await["answered"], 5);
        // As `ham call` fails.
        ham.run(&["bench", "probe", "probe", "fail", "\"no\""])
            .await
            .failed(1, &["answered; nothing was written"]);
        ham.run(&["bench", "nowhere", "probe", "fail", "\"no\""]).await.failed(6, &["nowhere"]);
        ham.run(&["bench", "probe", "probe", "echo_text", "--in-flight", "0"])
            .await
            .failed(2, &["--in-flight"]);
    });
}
