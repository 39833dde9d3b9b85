//! How `ham dev` starts: on ports that were asked for or are kept, beside what was left over.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Ham, Running, probe};

async fn started(running: &mut Running) -> Value {
    serde_json::from_str(&running.line(|_| true).await).unwrap()
}

async fn stopped(running: Running) -> String {
    running.signal(Signal::TERM);
    running.rest().await
}

/// Case: another program had the port, and `ham dev --data D` did not start: it advised another `--admin-port`, which does not help.
/// Each other `--app-port` added one more app interface for good.
#[tokio::test]
async fn a_kept_app_port_that_is_taken_is_in_nobodys_way() {
    let ham = Ham::new();
    let data = ham.home.path().join("data").display().to_string();
    let dev = ["dev", "--no-page", "--json", "--data", &data];
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    drop(held);
    let on_port = [&dev[..], &["--app-port", &port]].concat();
    let mut running = ham.start(&on_port);
    assert_eq!(started(&mut running).await["app_port"].to_string(), port);
    stopped(running).await;

    let held = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let mut running = ham.start(&dev);
    started(&mut running).await;
    let said = stopped(running).await;
    assert!(said.contains(&format!("another program uses port {port}")), "{said}");
    let refused = ham.run(&on_port).await;
    refused.failed(8, &[&format!("cannot listen on port {port}"), "pass another --app-port"]);
    assert!(!refused.stderr.contains("--admin-port"), "{refused}");
    drop(held);

    // Another one, and the same one after that.
    for _ in 0..2 {
        let mut running = ham.start(&[&dev[..], &["--app-port", "0"]].concat());
        let first = started(&mut running).await;
        let admin = first["admin_port"].to_string();
        let listed = ham.run(&["interface", "list", "--json", "--admin-port", &admin]).await.ok().json();
        assert_eq!(listed["interfaces"].as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed["interfaces"][0]["port"], first["app_port"], "{listed}");
        let said = stopped(running).await;
        assert!(!said.contains("warning"), "{said}");
    }
}

/// Case: a data directory that was moved, copied or given by another path was said to be made with another passphrase; and a copy
/// of one that was given by an absolute path signed with the keys of the original.
#[tokio::test]
async fn a_data_directory_opens_wherever_it_is_now() {
    const ITEM: &str = r#"{"call_id": "1", "body": "of a test"}"#;
    let ham = Ham::new();
    let at = |name: &str| ham.home.path().join(name);
    let writes = async |name: &str| {
        let data = at(name).display().to_string();
        let mut running = ham.start(&["dev", "--no-page", "--json", "--data", &data, "--app", &probe()]);
        started(&mut running).await;
        ham.run(&["call", "probe", "create_item", ITEM]).await.ok();
        stopped(running).await;
    };
    writes("made").await;
    std::os::unix::fs::symlink(at("made"), at("link")).unwrap();
    writes("link").await;
    let copied = std::process::Command::new("cp").arg("-a").args([at("made"), at("copy")]).status();
    assert!(copied.unwrap().success());
    std::fs::remove_dir_all(at("made")).unwrap();
    writes("copy").await;
    std::fs::rename(at("copy"), at("moved")).unwrap();
    writes("moved").await;

    // What is wrong is told apart, and nothing advises to start from scratch.
    let passphrase = at("moved/ks/passphrase");
    let kept = std::fs::read(&passphrase).unwrap();
    let data = at("moved").display().to_string();
    let advised = ["restore the file", "--piped"];
    std::fs::remove_file(&passphrase).unwrap();
    let refused = ham.run(&["dev", "--data", &data]).await;
    refused.failed(8, &[&["the keystore's file", "passphrase cannot be used"][..], &advised].concat());
    assert!(!refused.stderr.contains("scratch"), "{refused}");
    std::fs::write(&passphrase, "another").unwrap();
    let refused = ham.run(&["dev", "--data", &data]).await;
    refused.failed(8, &["the passphrase is not that of the keystore", "pass the passphrase that"]);
    std::fs::write(&passphrase, kept).unwrap();
    writes("moved").await;
}

/// Case: "Address already in use (os error 98)" was all that was said.
#[tokio::test]
async fn a_page_port_that_is_taken_is_named() {
    let ham = Ham::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let refused = ham.run(&["dev", "--page-port", &port]).await;
    refused.failed(8, &[&format!("cannot listen on port {port}"), "pass another --page-port"]);
}

/// It was refused as no port.
#[tokio::test]
async fn the_admin_port_0_is_a_free_one_for_who_starts_a_conductor() {
    let ham = Ham::new();
    let mut running = ham.start(&["dev", "--no-page", "--json", "--admin-port", "0"]);
    assert_ne!(started(&mut running).await["admin_port"], 0);
    ham.run(&["ping", "--admin-port", "0"])
        .await
        .failed(2, &["--admin-port is 0", "pass the port that it prints"]);
    stopped(running).await;
}

/// It was removed by a start without data only.
#[tokio::test]
async fn what_a_killed_one_left_goes_with_a_start_that_keeps_its_data() {
    let ham = Ham::new();
    let temporary = ham.home.path().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let data = ham.home.path().join("data").display().to_string();
    let ham = ham.with("TMPDIR", temporary.display());
    let left = || {
        let names = std::fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with("ham-dev-")).count()
    };
    let dev = ["dev", "--no-page", "--json"];
    let mut running = ham.start(&dev);
    started(&mut running).await;
    running.signal(Signal::KILL);
    running.ended().await;
    assert_eq!(left(), 1);
    let mut running = ham.start(&[&dev[..], &["--data", &data]].concat());
    started(&mut running).await;
    assert_eq!(left(), 0);
    stopped(running).await;
}
