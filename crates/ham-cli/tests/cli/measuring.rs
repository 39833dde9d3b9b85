//! `ham bench`, and how it ends.

use std::net::Ipv4Addr;

use ham_testkit::chaos::Proxy;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{BOUND, Ham, Running, endings, probe};

const ITEM: &str = r#"{"call_id": "1", "body": "of a bench"}"#;

/// A conductor with the probe, and what it said of itself.
async fn conductor(ham: &Ham) -> (Running, Value) {
    let mut conductor = ham.start(&["dev", "--no-page", "--json", "--app-port", "0", "--app", &probe()]);
    let said = serde_json::from_str(&conductor.line(|line| line.contains("admin_port")).await).unwrap();
    (conductor, said)
}

async fn count(ham: &Ham) -> u64 {
    ham.run(&["call", "probe", "count_items"]).await.ok().text().trim().parse().unwrap()
}

/// Resolves when more items were made, by calls whose like have been answered.
async fn made(ham: &Ham, after: u64) -> u64 {
    let more = async {
        loop {
            let count = count(ham).await;
            if count > after + 3 {
                return count;
            }
        }
    };
    tokio::time::timeout(BOUND, more).await.expect("more are made")
}

/// It waited for the deadlines of its calls, for minutes, and went on to begin some.
#[tokio::test]
async fn a_conductor_that_is_killed_under_a_bench_ends_it() {
    let ham = Ham::new();
    let (conductor, _) = conductor(&ham).await;
    let bench = [
        "--json",
        "bench",
        "probe",
        "create_item",
        ITEM,
        "--for",
        "86400",
        "--timeout",
        "1h",
        "--in-flight",
        "4",
    ];
    let mut bench = ham.start(&bench);
    made(&ham, 0).await;
    conductor.signal(Signal::KILL);
    bench.said("the connection is lost").await;
    let failure: Value = serde_json::from_str(&bench.said("the conductor went away").await).unwrap();
    assert_eq!(failure["exit"], 4, "{failure}");
    let measured: Value = serde_json::from_str(&bench.line(|_| true).await).unwrap();
    assert!(measured["answered"].as_u64().unwrap() > 0, "{measured}");
    // One was sent, or all: a call that waits for its turn is given up with the others.
    let [lost] = measured["others"].as_array().unwrap().as_slice() else { panic!("{measured}") };
    assert!(lost["outcome"] == "unknown" && (1..=4).contains(&lost["count"].as_u64().unwrap()), "{measured}");
    assert_eq!(bench.ended().await, Some(4));
}

#[tokio::test]
async fn a_bench_goes_on_when_the_connection_is_back() {
    let ham = Ham::new();
    let (_conductor, said) = conductor(&ham).await;
    let port = u16::try_from(said["app_port"].as_u64().unwrap()).unwrap();
    let proxy = Proxy::start((Ipv4Addr::LOCALHOST, port).into()).await.unwrap();
    let (admin, url) = (said["admin_port"].to_string(), format!("ws://{}", proxy.address()));
    let mut bench = ham.start(&[
        "bench",
        "probe",
        "create_item",
        ITEM,
        "--for",
        "86400",
        "--admin-port",
        &admin,
        "--app-url",
        &url,
    ]);
    let before = made(&ham, 0).await;
    proxy.cut_now();
    bench.said("the connection is lost").await;
    bench.said("the connection is back").await;
    made(&ham, before).await;
}

/// It lasted as long as `--timeout` says, whatever `--for` said.
#[tokio::test]
async fn a_function_that_does_not_answer_does_not_hold_up_the_end_of_a_bench() {
    let ham = Ham::new();
    let (_conductor, _) = conductor(&ham).await;
    let slow = r#"{"millis": 300000, "text": ""}"#;
    let bench =
        ["--json", "bench", "probe", "slow_echo", slow, "--for", "1", "--timeout", "1h", "--read-only"];
    let ended = ham.run(&bench).await;
    ended.failed(4, &["1 of 1 calls have no output", "has no answer after", "(sent)", "outcome\":\"unknown"]);
    let measured = ended.json();
    assert_eq!(
        (&measured["answered"], &measured["others"][0]["count"]),
        (&json!(0), &json!(1)),
        "{measured}"
    );
}

/// It printed nothing of what it had measured.
#[tokio::test]
async fn a_bench_that_is_interrupted_says_what_it_has_measured() {
    let ham = Ham::new();
    let (_conductor, _) = conductor(&ham).await;
    for (signal, code) in endings() {
        let before = count(&ham).await;
        let mut bench = ham.start(&["--json", "bench", "probe", "create_item", ITEM, "--for", "86400"]);
        made(&ham, before).await;
        bench.signal(signal);
        bench.said("interrupted: here is what was measured until then").await;
        let measured: Value = serde_json::from_str(&bench.line(|_| true).await).unwrap();
        assert!(measured["answered"].as_u64().unwrap() > 0, "{measured}");
        assert!(measured["others"][0]["outcome"] == "unknown", "those under way: {measured}");
        assert_eq!(bench.ended().await, Some(code));
    }
}

/// It ended with 0 where all but a few calls had failed; and then when its time was up.
#[tokio::test]
async fn an_app_that_is_uninstalled_ends_a_bench_and_shows_in_its_exit_code() {
    let ham = Ham::new();
    let (_conductor, said) = conductor(&ham).await;
    let app = said["app_id"].as_str().unwrap_or("probe").to_owned();
    let bench = ham.start(&["--json", "bench", "probe", "create_item", ITEM, "--for", "86400"]);
    made(&ham, 0).await;
    ham.run(&["app", "uninstall", &app]).await.ok();
    let said = bench.rest().await;
    assert!(said.contains("the cell is gone"), "{said}");
    let line = |has: &str| said.lines().find(|line| line.contains(has)).unwrap_or_else(|| panic!("{said}"));
    let failure: Value = serde_json::from_str(line("calls have no output")).unwrap();
    let measured: Value = serde_json::from_str(line("answered\":")).unwrap();
    assert!(measured["answered"].as_u64().unwrap() > 0, "{measured}");
    assert!(
        failure["exit"] == 6 && failure["advice"].as_str().unwrap().contains("ham app list"),
        "{failure}"
    );
}

/// It was told that the conductor was not back, and that its chain tells what became of the calls.
#[tokio::test]
async fn a_conductor_that_comes_back_without_the_app_is_told_as_that() {
    let (ham, other) = (Ham::new(), Ham::new());
    let (conductor, said) = conductor(&ham).await;
    let mut fresh = other.start(&["dev", "--no-page", "--json"]);
    let fresh_said: Value =
        serde_json::from_str(&fresh.line(|line| line.contains("admin_port")).await).unwrap();
    let admin_of = |said: &Value| {
        let port = u16::try_from(said["admin_port"].as_u64().unwrap()).unwrap();
        (Ipv4Addr::LOCALHOST, port).into()
    };
    let proxy = Proxy::start(admin_of(&said)).await.unwrap();
    let admin = proxy.address().port().to_string();
    let bench = ["--json", "bench", "probe", "create_item", ITEM, "--for", "86400"];
    let mut bench = ham.start(&[&bench[..], &["--admin-port", admin.as_str(), "--app-id", "probe"]].concat());
    made(&ham, 0).await;
    proxy.set_upstream(admin_of(&fresh_said));
    conductor.signal(Signal::KILL);
    proxy.cut_now();
    let failure: Value =
        serde_json::from_str(&bench.said("the conductor came back without the app").await).unwrap();
    assert!(failure["exit"] == 4 && !failure["outcome"].is_null(), "{failure}");
    assert!(failure["advice"].as_str().unwrap().contains("nothing can tell whether"), "{failure}");
}
