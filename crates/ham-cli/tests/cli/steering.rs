//! What a `ham dev` that runs is asked from another terminal.

use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::support::{BOUND, Ham, Running, probe};

async fn dev(ham: &Ham) -> Running {
    let mut running = ham.start(&["dev", "--app", &probe()]);
    running.line(|line| line == "Conductor ready.").await;
    running
}

const ITEM: &str = r#"{"call_id": "1", "body": "of a test"}"#;

/// It told the names of zomes only.
#[tokio::test]
async fn a_conductor_that_runs_here_tells_what_its_zomes_can_do() {
    let ham = Ham::new();
    let mut dev = ham.start(&["dev", "--app", &probe()]);
    dev.line(|line| line == "Conductor ready.").await;
    let told = ham.run(&["--json", "schema"]).await.ok().json();
    let of_bundle = ham.run(&["--json", "schema", &probe()]).await.ok().json();
    let sorted = |told: &serde_json::Value| {
        let functions = told["roles"][0]["coordinators"][0]["functions"].as_array().unwrap().clone();
        let mut names: Vec<_> = functions.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(sorted(&told), sorted(&of_bundle));
    assert_eq!(told["roles"][0]["integrity"], of_bundle["roles"][0]["integrity"]);
}

/// Case: types were numbers in chains, though `ham schema` knew their names, and those of links were told nowhere.
#[tokio::test]
async fn chains_name_the_types_that_the_schema_names() {
    let ham = Ham::new();
    let features = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");
    let mut dev = ham.start(&["dev", "--app", features]);
    dev.line(|line| line == "Conductor ready.").await;
    let call = async |function: &str, payload: serde_json::Value| {
        let call = ["--json", "call", "features", "features", function, &payload.to_string()];
        ham.run(&call).await.ok().json()
    };
    let note = call("create_note", "x".into()).await;
    call("create_secret_note", "y".into()).await;
    let link = serde_json::json!({ "base": note, "target": note, "tag": { "$bytes": "" } });
    call("link_notes", link).await;
    let hash = note["$hash"].as_str().unwrap();
    let chain = ham.run(&["chain", "features"]).await.ok();
    for shown in [
        r#" note (features_integrity) {"text":"x"}"#.to_owned(),
        r#" secret_note (features_integrity) (private) {"text":"y"}"#.to_owned(),
        format!("#0 {hash} → {hash}"),
    ] {
        assert!(chain.text().contains(&shown), "{shown}: {chain}");
    }
    let about = ham.run(&["dht", hash, "features"]).await.ok();
    assert!(about.text().contains(r#" note (features_integrity) {"text":"x"}"#), "{about}");
    let told = ham.run(&["--json", "dht", hash, "features"]).await.ok().json();
    assert_eq!(told["record"][0]["type"], "note");
    assert_eq!(told["record"][0]["zome"], "features_integrity");
    assert_eq!(told["links"][0]["type"], "features_integrity#0");
}

/// Case: only a bundle's functions were known, not those of a conductor that tells them.
#[tokio::test]
async fn a_mistyped_function_is_told_what_was_meant() {
    let ham = Ham::new();
    let _running = dev(&ham).await;
    for words in [&["probe", "creat_item", ITEM][..], &["probe", "probe", "creat_item"]] {
        let ran = ham.run(&[&["call"], words].concat()).await;
        ran.failed(1, &["did you mean the function `create_item`?"]);
    }
}

#[tokio::test]
async fn a_conductor_goes_back_and_its_clock_forward() {
    let ham = Ham::new();
    let running = dev(&ham).await;
    let count = async || ham.run(&["call", "probe", "count_items"]).await.ok().text().trim().to_owned();
    assert_eq!(count().await, "0");
    ham.run(&["dev", "snapshot"]).await.ok();
    ham.run(&["call", "probe", "create_item", ITEM]).await.ok();
    ham.run(&["dev", "snapshot", "one item"]).await.ok();
    ham.run(&["dev", "revert"]).await.ok();
    assert_eq!(count().await, "0");
    assert_eq!(
        ham.run(&["--json", "dev", "revert", "one item"]).await.ok().json()["done"]["name"],
        "one item"
    );
    assert_eq!(count().await, "1");
    ham.run(&["dev", "revert", "another"])
        .await
        .failed(1, &["there is no snapshot `another`", "default, one item"]);

    let clock = async |args: &[&str]| ham.run(&[&["--json", "dev", "time"], args].concat()).await.ok().json();
    assert_eq!(clock(&[]).await["clock"]["ahead_seconds"], 0.0);
    let moved = clock(&["+2h"]).await;
    assert_eq!(moved["clock"]["ahead_seconds"], 7200.0);
    assert_eq!(moved["clock"]["ran"], serde_json::json!([]));
    assert_eq!(moved["clock"]["limit_reached"], serde_json::Value::Null);
    ham.run(&["dev", "revert"]).await.ok();
    assert_eq!(clock(&[]).await["clock"]["ahead_seconds"], 7200.0, "it is no part of a snapshot");
    assert!(ham.run(&["dev", "time"]).await.ok().text().contains("2h ahead of the system's clock"));
    ham.run(&["dev", "revert", "one item"]).await.ok();
    assert_eq!(count().await, "1", "a call is as good as before");
    ham.run(&["dev", "time", "system"]).await.ok();
    ham.run(&["dev", "time", "2h"]).await.failed(2, &["+"]);
    ham.run(&["dev", "time", "-1h"]).await.failed(2, &["time goes forward"]);
    // Beyond it schedules were lost.
    let refused = ham.run(&["dev", "time", "+80y"]).await;
    refused.failed(1, &["beyond the year 2099", "pass no more"]);
    // It was advised to go back to the system's time, which was told already, and how much is less was not told.
    assert!(!refused.stderr.contains("go back"), "{refused}");
    let most = refused.stderr.split_once("forward by ").unwrap().1.split_once(" at most").unwrap().0;
    ham.run(&["dev", "time", &format!("+{most}")]).await.ok();

    running.signal(Signal::TERM);
    running.ended().await;
    ham.run(&["dev", "snapshot"]).await.failed(2, &["no `ham dev`", "--admin-port"]);
}

/// Case: nothing was said, though the clock moved on.
#[tokio::test]
async fn an_interrupted_move_of_the_clock_goes_on() {
    let ham = Ham::new();
    let running = dev(&ham).await;
    // It neither answers nor moves, until it is continued.
    running.signal(Signal::STOP);
    let mut moving = ham.start(&["dev", "time", "+1h"]);
    moving.said("moving the clock").await;
    moving.signal(Signal::INT);
    moving.said("interrupted: the conductor goes on moving its clock").await;
    assert_eq!(moving.ended().await, Some(130));
    running.signal(Signal::CONT);
    let moved = async {
        while !ham.run(&["dev", "time"]).await.ok().text().contains("1h ahead of the system's clock") {}
    };
    tokio::time::timeout(BOUND, moved).await.expect("the clock is not moved");
    running.signal(Signal::TERM);
    running.ended().await;
}

/// The error named no port, so that a mistyped one was not seen.
#[tokio::test]
async fn the_port_at_which_nothing_runs_is_named() {
    let ham = Ham::new();
    for verb in ["time", "revert", "snapshot"] {
        ham.run(&["dev", verb, "--admin-port", "1"]).await.failed(2, &["at the admin port 1\n"]);
        let elsewhere = ham.run(&["dev", verb, "--conductor", "ws://conductor.example:4444"]).await;
        elsewhere.failed(2, &["conductor.example is another machine"]);
    }
    ham.run(&["dev", "time"]).await.failed(2, &["no `ham dev`", "start one with `ham dev`"]);
}

#[tokio::test]
async fn faults_come_by_command_and_go_by_command() {
    let ham = Ham::new();
    let running = dev(&ham).await;
    ham.run(&["dev", "fault", "host", "create", "--times", "2"]).await.ok();
    ham.run(&["call", "probe", "create_item", ITEM]).await.failed(1, &["create fails, as a test asked"]);
    ham.run(&["dev", "fault", "host", "create", "--times", "0"]).await.ok();
    ham.run(&["call", "probe", "create_item", ITEM]).await.ok();
    ham.run(&["dev", "fault", "host", "destroy"]).await.failed(1, &["there is no host function `destroy`"]);
    ham.run(&["dev", "fault", "delay", "1h"]).await.ok();
    ham.run(&["call", "--timeout", "1s", "probe", "count_items"]).await.failed(3, &["no link"]);
    ham.run(&["dev", "fault", "delay", "off"]).await.ok();
    ham.run(&["dev", "fault", "signals", "dropped"]).await.ok();
    ham.run(&["dev", "fault", "signals", "sent"]).await.ok();
    ham.run(&["dev", "fault", "signals", "eaten"]).await.failed(2, &["dropped", "sent"]);
    drop(running);
}

/// Who is not the user finds no socket; what is no request is answered so, and the next one is served.
#[tokio::test]
async fn the_socket_is_private_and_bounded() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ham = Ham::new();
    let running = dev(&ham).await;
    let directory = ham.home.path().join(".local/state/ham/run");
    let files = std::fs::read_dir(&directory).unwrap().map(|file| file.unwrap().path());
    let socket = files.into_iter().find(|path| path.extension().is_some_and(|is| is == "control")).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&directory), mode(&socket)), (0o700, 0o600));
    for line in [&b"what?\n"[..], b"{\"ask\":\"self_destruct\"}\n", &[b'a'; 10_000]] {
        let mut stream = tokio::net::UnixStream::connect(&socket).await.unwrap();
        let _ = stream.write_all(line).await;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.is_empty() || answer.contains("another version of ham"), "{answer}");
    }
    // Each that said nothing held up the next for five seconds, until it was closed.
    let mut silent = tokio::net::UnixStream::connect(&socket).await.unwrap();
    ham.run(&["dev", "snapshot"]).await.ok();
    let _ = silent.write_all(b"what?\n").await;
    let mut answer = String::new();
    let _ = silent.read_to_string(&mut answer).await;
    // Where the snapshot took longer than a line may, it is closed by now.
    assert!(answer.is_empty() || answer.contains("another version of ham"), "{answer}");
    // A hundred held up the next by half a minute, and these until it gave up.
    let mut many = Vec::new();
    for _ in 0..400 {
        many.push(tokio::net::UnixStream::connect(&socket).await.unwrap());
    }
    ham.run(&["dev", "snapshot"]).await.ok();
    assert_eq!(many[0].read(&mut [0]).await.unwrap(), 0, "it had said nothing for longest");
    running.signal(Signal::INT);
    running.ended().await;
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
}

/// The port opens before the app is there, and it was told at once that there is none.
#[tokio::test]
async fn whoever_waits_waits_for_the_app_too() {
    let ham = Ham::new();
    let mut conductor = ham.start(&["dev", "--json", "--no-page"]);
    let started = conductor.line(|line| line.contains("admin_port")).await;
    let started: serde_json::Value = serde_json::from_str(&started).unwrap();
    let port = started["admin_port"].to_string();
    ham.run(&["ping", "--admin-port", &port])
        .await
        .failed(2, &["no app is named, and the conductor has none"]);
    let mut waiting = ham.start(&["ping", "--wait", "--admin-port", &port]);
    waiting.said("the conductor has none").await;
    ham.run(&["app", "install", &probe(), "--admin-port", &port]).await.ok();
    assert_eq!(waiting.ended().await, Some(0));
    conductor.signal(Signal::INT);
    conductor.ended().await;
}
