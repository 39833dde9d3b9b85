//! `ham bench`, and how it ends.

use std::net::Ipv4Addr;

use ham_testkit::chaos::Proxy;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Ham, Running, probe};

const ITEM: &str = r#"{"call_id": "1", "body": "of a bench"}"#;

/// A conductor with the probe, and what it said of itself.
async fn conductor(ham: &Ham) -> (Running, Value) {
    let mut conductor = ham.start(&["dev", "--no-page", "--json", "--app-port", "0", "--app", &probe()]);
    let said = serde_json::from_str(&conductor.line(|line| line.contains("admin_port")).await).unwrap();
    (conductor, said)
}

/// Resolves when more items were made, by calls whose like have been answered.
async fn made(ham: &Ham, after: u64) -> u64 {
    loop {
        let count = ham.run(&["call", "probe", "count_items"]).await.ok().text().trim().parse().unwrap();
        if count > after + 3 {
            return count;
        }
    }
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
    ended.failed(4, &["no call was answered in time"]);
    let measured = ended.json();
    assert_eq!(
        (&measured["answered"], &measured["others"][0]["count"]),
        (&json!(0), &json!(1)),
        "{measured}"
    );
}
