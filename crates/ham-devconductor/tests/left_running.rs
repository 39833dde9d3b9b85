//! A conductor that is left running: what comes and goes leaves nothing behind, and who is not known takes nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::SinkExt as _;
use ham_devconductor::{Config, DevConductor};
use holochain_client::{AdminWebsocket, AllowedOrigins, AppWebsocket, InstallAppPayload};
use holochain_conductor_api::{AppAuthenticationRequest, AppRequest, AppResponse};
use holochain_types::app::{CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload};
use holochain_types::prelude::{ActionHash, CloneCellId, DnaModifiersOpt};
use holochain_websocket::WireMessage;
use serde_json::json;
use support::{admin, authorize, call, cell, connect_to, install, must, request};
use tokio::sync::{Mutex, MutexGuard};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// What is counted is the process's.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// What a conductor holds of the system, and the process with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    /// Of databases; those that the runtime keeps for work that blocks come and go.
    threads: usize,
    files: usize,
}

impl Held {
    fn now(data: &Path) -> Self {
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
        let tasks = fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
        let threads = names.filter(|name| name.starts_with("sqlx")).count();
        Self { descriptors, threads, files: files(data) }
    }

    /// Waits until it holds no more than that and what stays open may take: threads end a moment after what they served.
    async fn is_again(self, data: &Path) {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let again = async {
            loop {
                look.tick().await;
                let now = Self::now(data);
                if now.descriptors <= self.descriptors + 3 * STAYING
                    && now.threads <= self.threads + STAYING
                    && now.files <= self.files + 2 * STAYING
                {
                    return;
                }
            }
        };
        let again = tokio::time::timeout(support::BOUND, again).await;
        assert!(again.is_ok(), "{self:?} became {:?}", Self::now(data));
    }
}

/// Connections to databases that stay, beside those that were open before; each has three files at most, and a database two beside
/// itself. They are closed when they were idle for half a minute.
const STAYING: usize = 12;

/// A directory that is gone when it is looked at has none.
fn files(directory: &Path) -> usize {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return 0,
        entries => entries.unwrap().map(|entry| entry.unwrap().path()),
    };
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

fn resident_kib() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A conductor with an app whose role is cloned, and an interface for all apps.
struct Stage {
    conductor: DevConductor,
    data: PathBuf,
    admin: AdminWebsocket,
    port: u16,
    cloned: AppWebsocket,
}

impl Stage {
    async fn on(data: &Path) -> Self {
        let conductor = DevConductor::start_with(Config::default().with_data(data)).await.unwrap();
        let admin = admin(&conductor).await;
        install(&admin, "probe.happ", "cloned").await;
        let port = admin.attach_app_interface(0, None, AllowedOrigins::Any, None).await.unwrap();
        let (cloned, _) = connect_to(&admin, "cloned", port).await;
        Self { conductor, data: data.to_owned(), admin, port, cloned }
    }

    /// Installs an app, uses it, and uninstalls it.
    async fn app(&self, number: usize) {
        let id = format!("app {number}");
        let payload = InstallAppPayload { network_seed: Some(id.clone()), ..request("probe.happ", &id) };
        let app = self.admin.install_app(payload).await.unwrap();
        self.admin.enable_app(id.clone()).await.unwrap();
        let (client, signer) = connect_to(&self.admin, &id, self.port).await;
        let probe = cell(&app, "probe");
        authorize(&self.admin, &signer, &probe).await;
        let item = json!({ "call_id": "1", "body": "gone soon" });
        call::<ActionHash>(&client, probe, "create_item", item).await.unwrap();
        self.admin.uninstall_app(id, false).await.unwrap();
    }

    /// Makes a clone and deletes it.
    async fn clone(&self, number: usize) {
        let payload = CreateCloneCellPayload {
            role_name: "probe".to_owned(),
            modifiers: DnaModifiersOpt::none().with_network_seed(format!("clone {number}")),
            membrane_proof: None,
            name: None,
        };
        let clone = self.cloned.create_clone_cell(payload).await.unwrap();
        let clone_cell_id = CloneCellId::CloneId(clone.clone_id);
        let disable = DisableCloneCellPayload { clone_cell_id: clone_cell_id.clone() };
        self.cloned.disable_clone_cell(disable).await.unwrap();
        let app_id = "cloned".to_owned();
        self.admin.delete_clone_cell(DeleteCloneCellPayload { app_id, clone_cell_id }).await.unwrap();
    }
}

/// Case: 19 descriptors became 542, 7 threads 217, and six files stayed of each app; at 1,024 descriptors nothing worked.
#[tokio::test(flavor = "multi_thread")]
async fn apps_and_clones_that_go_leave_nothing() {
    let _alone = alone().await;
    let directory = tempfile::tempdir().unwrap();
    let stage = Stage::on(directory.path()).await;
    // What is opened once and stays.
    stage.app(0).await;
    stage.clone(0).await;
    let held = Held::now(&stage.data);
    for number in 1..=40 {
        must(stage.app(number)).await;
    }
    for number in 1..=20 {
        must(stage.clone(number)).await;
    }
    held.is_again(&stage.data).await;
    stage.conductor.shut_down().await;
}

/// The same for long: `cargo test -p ham-devconductor --test left_running -- --ignored --nocapture`. It prints a line for every fifty
/// apps and five hundred clones.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half an hour"]
async fn a_thousand_apps_and_ten_thousand_clones_leave_nothing() {
    let _alone = alone().await;
    let directory = tempfile::tempdir().unwrap();
    let stage = Stage::on(directory.path()).await;
    stage.app(0).await;
    stage.clone(0).await;
    let held = Held::now(&stage.data);
    for app in 1..=1_000 {
        must(stage.app(app)).await;
        for clone in 1..=10 {
            must(stage.clone(10 * app + clone)).await;
        }
        if app.is_multiple_of(50) {
            let (now, kib) = (Held::now(&stage.data), resident_kib());
            eprintln!("{app} apps and {} clones: {now:?}, {kib} KiB of memory", 10 * app);
        }
    }
    held.is_again(&stage.data).await;
    stage.conductor.shut_down().await;
}

type Socket = tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>;

/// A connection to an app interface that has said nothing yet.
async fn stranger(port: u16) -> Socket {
    let mut request = format!("ws://127.0.0.1:{port}").into_client_request().unwrap();
    request.headers_mut().insert("Origin", "test".parse().unwrap());
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tokio_tungstenite::client_async(request, stream).await.unwrap().0
}

/// Case: forty clients without a token, sixty megabytes of an unfinished message each, held 680 MB for ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_takes_a_few_kilobytes() {
    use tokio::io::AsyncWriteExt as _;
    let _alone = alone().await;
    let directory = tempfile::tempdir().unwrap();
    let stage = Stage::on(directory.path()).await;
    let before = resident_kib();
    let chunk = vec![0; 1 << 20];
    let mut strangers = Vec::new();
    for _ in 0..40 {
        let mut socket = stranger(stage.port).await;
        let stream = socket.get_mut();
        // Four frames of one message that has no end.
        for opcode in [0x02, 0x00, 0x00, 0x00] {
            let head = [&[opcode, 0xff][..], &(15_u64 << 20).to_be_bytes(), &[0; 4]].concat();
            let mut cut = stream.write_all(&head).await.is_err();
            for _ in 0..15 {
                cut = cut || stream.write_all(&chunk).await.is_err();
            }
            if cut {
                break;
            }
        }
        strangers.push(socket);
    }
    let taken = resident_kib().saturating_sub(before);
    assert!(taken < 16 * 1024, "{taken} KiB");
    stage.conductor.shut_down().await;
}

/// A client that sends a large request behind its token, without waiting for anything, is served.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_right_behind_a_token_may_be_large() {
    use futures_util::StreamExt as _;
    let _alone = alone().await;
    let directory = tempfile::tempdir().unwrap();
    let stage = Stage::on(directory.path()).await;
    let token = stage.admin.issue_app_auth_token("cloned".to_owned().into()).await.unwrap().token;
    let encode = |message: &WireMessage| Message::Binary(rmp_serde::to_vec_named(message).unwrap().into());
    let data = rmp_serde::to_vec_named(&AppAuthenticationRequest { token }).unwrap();
    let mut socket = stranger(stage.port).await;
    socket.feed(encode(&WireMessage::Authenticate { data })).await.unwrap();
    // No request: it is answered so, when all of it has come.
    socket.feed(encode(&WireMessage::Request { id: 1, data: vec![0; 5 << 20] })).await.unwrap();
    let data = rmp_serde::to_vec_named(&AppRequest::AppInfo).unwrap();
    socket.feed(encode(&WireMessage::Request { id: 2, data })).await.unwrap();
    socket.flush().await.unwrap();
    let mut answered = Vec::new();
    while answered.len() < 2 {
        let Message::Binary(frame) = must(socket.next()).await.unwrap().unwrap() else { continue };
        let WireMessage::Response { id, data } = rmp_serde::from_slice(&frame).unwrap() else { continue };
        let response: AppResponse = rmp_serde::from_slice(&data.unwrap()).unwrap();
        answered.push((id, matches!(response, AppResponse::AppInfo(Some(_)))));
    }
    answered.sort_unstable();
    assert_eq!(answered, [(1, false), (2, true)]);
    stage.conductor.shut_down().await;
}
