//! The binary on a conductor, which all tests share. Built twice: as `real` and, on the embedded conductor, as `embedded`.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

#[expect(dead_code, reason = "`cli` uses all of it, this a part")]
mod support;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ham_launcher::{Conductor, HappBundleSource, Install, InstallOptions, InstallSource};
use rustix::process::Signal;
use serde_json::{Value, json};
use support::{BOUND, Ham, no_secret, probe};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};

/// One runtime for all tests, so that the conductor outlives the test that started it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());
static CONDUCTOR: OnceCell<Conductor> = OnceCell::const_new();

/// Runs one test after the other, because a conductor answers administrative writes that meet (installing, granting)
/// with "database is locked".
fn run(test: impl Future<Output = ()>) {
    static TURN: Mutex<()> = Mutex::const_new(());
    RUNTIME.block_on(async {
        let _turn = TURN.lock().await;
        tokio::time::timeout(BOUND * 4, test).await.expect("the test hangs");
    });
}

async fn conductor() -> &'static Conductor {
    let start = async || Conductor::builder().with_install(install().await).start().await.unwrap();
    CONDUCTOR.get_or_init(start).await
}

async fn install() -> Install {
    Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap()
}

/// The release that the conductor is of.
async fn release() -> ham::Release {
    install().await.release().version().parse().unwrap()
}

/// An app of the test's own, not enabled.
async fn installed() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let app_id = format!("app-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let options = InstallOptions { network_seed: Some(app_id.clone()), ..InstallOptions::default() };
    let bundle = HappBundleSource::Path(install().await.probe_bundle_path());
    conductor().await.install_app(&bundle, &app_id, options).await.unwrap();
    app_id
}

/// The binary, set up for an app of its own that can be called.
async fn ready() -> Ham {
    let app_id = installed().await;
    conductor().await.enable(&app_id).await.unwrap();
    conductor().await.wait_until_callable(&app_id).await.unwrap();
    ham_for(&app_id).await
}

async fn ham_for(app_id: &str) -> Ham {
    Ham::new().with("HAM_ADMIN_PORT", conductor().await.admin_port()).with("HAM_APP_ID", app_id)
}

/// A call of the role `probe`, its answer as JSON.
async fn call(ham: &Ham, function: &str, payload: &Value) -> Value {
    ham.run(&["call", "--json", "probe", "probe", function, &payload.to_string()]).await.ok().json()
}

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
        call(&["probe", "probe", "echo_text", "5"])
            .await
            .failed(1, &["Deserialize", "outcome: answered", "payload"]);
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

#[test]
fn doctor_finds_nothing_where_nothing_is_wrong() {
    run(async {
        let ham = ready().await;
        let findings = async |more: &[&str]| {
            let shown = ham.run(&[&["doctor", "--json"][..], more].concat()).await.ok().json();
            let steps = shown["steps"].as_array().unwrap().clone();
            steps.into_iter().map(|step| step["finding"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let quick = findings(&[]).await;
        assert_eq!(quick.iter().filter(|found| *found == "ok").count(), 8, "{quick:?}");
        assert!(!ham.credentials().exists(), "the doctor granted something without being told to");
        let thorough = findings(&["--call"]).await;
        assert!(thorough.iter().all(|found| found == "ok"), "{thorough:?}");
        assert!(ham.credentials().exists());
    });
}

/// Conductors do not tell their version: the doctor finds it out, says what ham cannot promise on it, and finds a wrong name.
#[test]
fn doctor_names_the_release_and_what_does_not_work_with_it() {
    run(async {
        let ham = ready().await;
        let release = release().await;
        let shown = ham.run(&["doctor", "--json"]).await.ok().json();
        let step = shown["steps"].as_array().unwrap().iter().find(|step| step["step"] == "release").unwrap();
        let detail = step["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("answers as Holochain {release}")), "{detail}");
        assert_eq!(shown["limits"], json!(release.limits()));
        let other = if release == ham::Release::V0_7_0 { "0.6" } else { "0.7.0" };
        let wrong = ham.with("HAM_HOLOCHAIN_RELEASE", other);
        wrong.run(&["doctor"]).await.failed(2, &["`release`", "unset"]);
        let wrong = wrong.with("HAM_HOLOCHAIN_RELEASE", "0.9");
        wrong.run(&["doctor"]).await.failed(2, &["HAM_HOLOCHAIN_RELEASE", "0.6, 0.7.0, 0.7.1"]);
    });
}

#[test]
fn doctor_and_call_name_what_is_wrong_with_the_app() {
    run(async {
        let disabled = ham_for(&installed().await).await;
        disabled.run(&["doctor"]).await.failed(1, &["`app state`", "enable the app"]);
        disabled.run(&["call", "probe", "probe", "echo"]).await.failed(6, &["disabled", "enable"]);

        let wrong = ham_for("no-such-app").await;
        wrong.run(&["doctor"]).await.failed(3, &["`app state`", "--app-id"]);
        wrong.run(&["ping"]).await.failed(3, &["`no-such-app` is not installed", "HAM_APP_ID"]);
        wrong.run(&["grants", "list"]).await.failed(3, &["`no-such-app` is not installed"]);
    });
}

#[test]
fn the_keystore_signs_and_a_wrong_passphrase_is_told() {
    run(async {
        let ham = ready().await;
        let passphrase = conductor().await.passphrase().unwrap().expose().to_owned();
        let file = ham.file("passphrase", format!("{passphrase}\n"));
        let wrong = ham.file("wrong", "not-the-passphrase");
        let url = conductor().await.lair_url().await.unwrap();
        let ham = ham.with("HAM_LAIR_URL", url);
        let whoami = ["call", "--json", "-vvv", "probe", "probe", "whoami"];
        let ran = ham.run(&[&whoami[..], &["--lair-passphrase-file", &file]].concat()).await.ok();
        assert_eq!(ran.json()["access"], "author");
        no_secret(&ran.all(), passphrase.as_bytes());
        let from_stdin = [&whoami[..], &["--lair-passphrase-file", "-"]].concat();
        assert_eq!(ham.run_with(&from_stdin, passphrase.as_bytes()).await.ok().json()["access"], "author");
        let doctor = ham.run(&["doctor", "--json", "--lair-passphrase-file", &file]).await.ok();
        assert!(doctor.text().contains("by the keystore"), "{doctor}");
        assert!(!ham.credentials().exists());

        let refused = ham.run(&[&whoami[..], &["--lair-passphrase-file", &wrong]].concat()).await;
        refused.failed(8, &["passphrase", "HAM_LAIR_PASSPHRASE_FILE"]);
        no_secret(&refused.all(), b"not-the-passphrase");
    });
}

#[test]
fn no_secret_is_printed_however_much_is_logged() {
    run(async {
        let ham = ready().await.with("RUST_LOG", "trace");
        let mut printed = String::new();
        for arguments in [
            &["call", "probe", "probe", "echo"][..],
            &["call", "-vvv", "probe", "probe", "echo"],
            &["call", "--json", "-vvv", "probe", "probe", "nothing"],
            &["grants", "list", "-vvv"],
            &["grants", "list", "--json"],
            &["doctor", "--call", "-vvv"],
            &["info", "-vvv"],
            &["info", "--settings"],
            &["ping", "-vvv"],
        ] {
            printed.push_str(&ham.run(arguments).await.all());
        }
        let file =
            rmpv::decode::read_value(&mut std::fs::read(ham.credentials()).unwrap().as_slice()).unwrap();
        let mut secrets = 0;
        for credential in file["credentials"].as_array().unwrap() {
            for key in ["cap_secret", "seed"] {
                no_secret(&printed, &bytes(&credential[key]));
                secrets += 1;
            }
        }
        assert!(secrets >= 2, "the credential file holds no secret to look for");
    });
}

/// Bytes, however they were encoded.
fn bytes(value: &rmpv::Value) -> Vec<u8> {
    match value {
        rmpv::Value::Binary(bytes) => bytes.clone(),
        rmpv::Value::Array(items) => {
            items.iter().map(|item| u8::try_from(item.as_u64().unwrap()).unwrap()).collect()
        }
        other => panic!("no bytes: {}", other.is_map()),
    }
}

#[test]
fn the_conductor_that_the_tests_use_is_found() {
    run(async {
        let ham = ham_with_conductor().await;
        let path = ham.run(&["conductor", "path"]).await.ok();
        assert!(std::path::Path::new(path.text().trim_end()).exists(), "{path}");
        let install = ham.run(&["conductor", "install", "--json"]).await.ok().json();
        assert_eq!(install["version"], "0.7.1");
    });
}

/// The binary where it finds the conductor of the tests.
async fn ham_with_conductor() -> Ham {
    let install = install().await;
    match install.source {
        InstallSource::Embedded => Ham::new()
            .with("HAM_HOLOCHAIN_BIN", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/holochain"))
            .with("HAM_OF_THE_TEST", install.binary.display()),
        _ => Ham::new().with("HAM_HOLOCHAIN_BIN", install.binary.display()),
    }
}

#[test]
fn a_conductor_for_one_call_ends_with_it() {
    run(async {
        let ham = ham_with_conductor().await;
        let temporary = ham.home.path().join("t");
        std::fs::create_dir(&temporary).unwrap();
        let ham = ham.with("TMPDIR", temporary.display());
        let app = probe();
        let call = ["call", "--conductor", "real", "--app", &app, "probe", "probe", "count_items"];
        assert_eq!(ham.run(&call).await.ok().text(), "0\n");
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "temporary data remain");
        assert!(!ham.credentials().exists(), "a temporary conductor's key was kept");
    });
}

#[test]
fn a_conductor_of_its_own_runs_until_it_is_interrupted() {
    run(async {
        let ham = ham_with_conductor().await;
        let mut running = ham.start(&["conductor", "run", "--json", "--app", &probe()]);
        let line = running.line(|line| line.contains("admin_port")).await;
        let started: Value = serde_json::from_str(&line).unwrap();
        let port = started["admin_port"].to_string();
        let other = Ham::new().with("HAM_ADMIN_PORT", port);
        other.run(&["ping", "--app-id", "none"]).await.failed(3, &["`none` is not installed"]);
        other.run(&["ping", "--app-id", "probe"]).await.ok();
        running.signal(Signal::INT);
        assert_eq!(running.ended().await, Some(130));
        assert!(!std::path::Path::new(started["data"].as_str().unwrap()).exists(), "temporary data remain");
    });
}
