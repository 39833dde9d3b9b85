//! The page of `ham dev` in a real browser, and the page of an app beside it with the client that pages use.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod bounds;
#[expect(dead_code, reason = "the gateway's tests use all of it")]
#[path = "../../../ham-gateway/tests/nats/server.rs"]
mod nats_server;
#[path = "../../../ham-devconductor/tests/support/npm.rs"]
mod npm;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::Message;
use axum::response::Html;
use axum::routing::{any, get};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinSet;

use crate::nats_server::NatsServer;

/// Running into it means a hang.
const BOUND: Duration = Duration::from_secs(300);

/// A conductor or a gateway with its page.
struct Dev {
    child: Child,
    started: Value,
    _home: TempDir,
}

impl Dev {
    async fn start(arguments: &[&str]) -> Self {
        Self::run(&[&["dev"], arguments].concat()).await
    }

    async fn run(arguments: &[&str]) -> Self {
        Self::of(env!("CARGO_BIN_EXE_ham"), arguments).await
    }

    async fn of(program: &str, arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(arguments).arg("--json").env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(BOUND, lines.next_line()).await.expect("it hangs").unwrap().unwrap();
        Self { child, started: serde_json::from_str(&line).unwrap(), _home: home }
    }

    fn text(&self, name: &str) -> String {
        self.started[name].as_str().map_or_else(|| self.started[name].to_string(), str::to_owned)
    }
}

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page").join(file)
}

fn bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../happ/bundle/features.happ").canonicalize().unwrap()
}

/// A browser of this machine, and the turn of whoever drives one: what is bounded by seconds is not to be measured beside another browser.
/// `None`, with a message, where there is none.
async fn browser() -> Option<(String, MutexGuard<'static, ()>)> {
    static TURN: Mutex<()> = Mutex::const_new(());
    let named = std::env::var("HAM_CHROMIUM").ok();
    for program in named.as_deref().into_iter().chain(["chromium", "chromium-browser", "google-chrome"]) {
        let version =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
        if version.is_ok_and(|status| status.success()) {
            return Some((program.to_owned(), TURN.lock().await));
        }
    }
    println!("SKIPPED: there is no Chromium on this machine");
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_in_a_browser() {
    let Some((browser, _turn)) = browser().await else { return };
    let dev = Dev::start(&[]).await;
    let pid = dev.child.id().unwrap().to_string();
    let mut command = Command::new("node");
    command.arg(here("page.mjs")).args([&browser, &dev.text("page"), &pid]);
    command.arg(dev.text("admin_port")).arg(env!("CARGO_BIN_EXE_ham")).arg(bundle());
    // Where commands find the conductor's control socket.
    command.env("HAM_TEST_HOME", dev._home.path());
    command.args(std::env::var("HAM_TEST_SHOTS").ok());
    // Each call reads its chain, so many actions take much longer than few: `HAM_TEST_ACTIONS=10000` for ten times as many.
    let actions = std::env::var("HAM_TEST_ACTIONS").map_or(1_000, |number| number.parse().unwrap());
    let steps = npm::run(&mut command, BOUND * (actions / 1_000).max(1)).await;
    println!("{steps}");
    assert!(steps.contains("a killed server is told within 2 s, and its call is unknown"), "{steps}");
    assert!(steps.ends_with("one that is back is told\n"), "{steps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_chain_is_so_after_a_restart_too() {
    let Some((browser, _turn)) = browser().await else { return };
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("node");
    command.arg(here("restarted.mjs")).args([&browser, env!("CARGO_BIN_EXE_ham")]).arg(bundle());
    command.arg(home.path().join("data")).env("HAM_TEST_HOME", home.path());
    let steps = npm::run(&mut command, BOUND).await;
    println!("{steps}");
    assert!(steps.contains("no name of a link type lies over another"), "{steps}");
    assert!(steps.contains("the list and the side say the same of a call that failed"), "{steps}");
    assert!(steps.ends_with("actions whose calls are not known are shown one by one\n"), "{steps}");
}

/// Beside a conductor and a NATS server of its own, which can be killed.
#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_s_page_in_a_browser() {
    let Some((browser, _turn)) = browser().await else { return };
    let dev = Dev::start(&["--no-page", "--app", &bundle().display().to_string()]).await;
    let made = Command::new(env!("CARGO_BIN_EXE_ham"))
        .args([
            "gateway",
            "key",
            "new",
            "--name",
            "operator",
            "--app-id",
            "features",
            "--function",
            "**",
            "--chain",
            "**",
            "--json",
        ])
        .args(["calls", "calls:all", "feed", "status"].iter().flat_map(|scope| ["--scope", scope]))
        .output()
        .await;
    let made: Value = serde_json::from_slice(&made.unwrap().stdout).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let [keys, config, state] =
        ["keys.toml", "gateway.toml", "state"].map(|name| directory.path().join(name));
    std::fs::write(&keys, made["stanza"].as_str().unwrap()).unwrap();
    std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let nats = NatsServer::start().await;
    let text = format!(
        "listen = \"127.0.0.1:0\"\nkeys = {keys:?}\nstate_dir = {state:?}\n[conductor]\nadmin_url = \"ws://localhost:{}\"\n[[app]]\nid = \"features\"\nready = [\"features\"]\n[nats]\nurls = [\"{}\"]\n",
        dev.text("admin_port"),
        nats.url()
    );
    std::fs::write(&config, text).unwrap();
    let gateway = Dev::run(&["gateway", "--config", &config.display().to_string()]).await;
    let pid = |of: &Dev| of.child.id().unwrap().to_string();
    let mut command = Command::new("node");
    command.arg(here("status.mjs")).args([&browser, &gateway.text("url")]);
    command.args([pid(&dev), pid(&gateway), nats.id().to_string()]).arg(made["key"].as_str().unwrap());
    command.args(std::env::var("HAM_TEST_SHOTS").ok());
    let steps = npm::run(&mut command, BOUND).await;
    println!("{steps}");
    assert!(steps.contains("NATS is shown as reached, and as away within 2 s once it is killed"), "{steps}");
    assert!(steps.contains("a killed gateway is told within 2 s"), "{steps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unmodified_client_connects_and_signs_in_the_window_of_its_app() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ham-devconductor/tests/npm");
    let Some(packages) = npm::environment("holochain-client", &packages).await else { return };
    let ui = tempfile::tempdir().unwrap();
    std::fs::write(ui.path().join("index.html"), "<!doctype html><head><script src=main.js></script></head>")
        .unwrap();
    let (app, directory) = (bundle().display().to_string(), ui.path().display().to_string());
    let dev = Dev::start(&["--app", &app, "--ui", &directory]).await;
    let window = dev.started["ui"][0]["url"].as_str().unwrap();
    let mut command = Command::new("node");
    command.arg(here("ui.mjs")).arg(&packages).arg(window);
    let steps = npm::run(&mut command, BOUND).await;
    assert_eq!(steps.lines().last(), Some("features calls without a grant"), "{steps}");
}

/// What a server answers to a request, until it says what is waited for.
async fn asked(address: &str, path: &str, more: &str, until: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&said).contains(until) {
            assert_ne!(stream.read_buf(&mut said).await.unwrap(), 0, "{}", String::from_utf8_lossy(&said));
        }
    };
    tokio::time::timeout(BOUND, reading).await.expect("it hangs");
    String::from_utf8_lossy(&said).into_owned()
}

/// Two bundles that came slowly held up every call.
#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_hold_up_no_call() {
    let dev = Dev::start(&["--app", &bundle().display().to_string()]).await;
    let page = dev.text("page");
    let host = page.trim_start_matches("http://").trim_end_matches('/');
    let post = async |path: &str, kind: &str, length: usize, body: &str| {
        let mut stream = TcpStream::connect(host).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let call = "/api/v1/apps/features/roles/features/zomes/features/fns/guest_error";
    let mut slow = Vec::new();
    for _ in 0..2 {
        slow.push(post("/api/dev/v1/apps", "application/octet-stream", 100, "x").await);
        slow.push(post(call, "application/json", 100, "\"").await);
    }
    let mut asked = post(call, "application/json", 3, "\"y\"").await;
    let mut answer = String::new();
    tokio::time::timeout(BOUND, asked.read_to_string(&mut answer)).await.expect("it hangs").unwrap();
    assert!(answer.starts_with("HTTP/1.1 422") && answer.contains("\"outcome\":\"answered\""), "{answer}");
    for stream in slow {
        // They are still awaited.
        assert_eq!(stream.try_read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// Bundlers tell their pages of changes over a WebSocket of the same address.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_development_server_is_passed_on_with_its_sockets() {
    let hello = |upgrade: WebSocketUpgrade| async {
        upgrade.on_upgrade(|mut socket| async move { drop(socket.send(Message::text("changed")).await) })
    };
    let router = Router::new()
        .route("/", get(|| async { Html("<!doctype html><head><script src=main.js></script></head>") }))
        .route("/socket", any(hello));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await });
    let dev = Dev::start(&["--no-page", "--app", &bundle().display().to_string(), "--ui", &server]).await;
    assert!(dev.started["page"].is_null());
    let window = dev.started["ui"][0]["url"].as_str().unwrap();
    let address = window.trim_start_matches("http://").trim_end_matches('/');
    let page = asked(address, "/", "", "</head>").await;
    assert!(
        page.contains(
            r#"<!doctype html><script src="/__ham/environment.js"></script><head><script src=main.js>"#
        ),
        "{page}"
    );
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let socket = asked(address, "/socket", upgrade, "changed").await;
    assert!(socket.starts_with("HTTP/1.1 101"), "{socket}");
    let other = asked(address, "/", "Origin: http://evil.example\r\n", "origin-not-allowed").await;
    assert!(other.starts_with("HTTP/1.1 403"), "{other}");
}
