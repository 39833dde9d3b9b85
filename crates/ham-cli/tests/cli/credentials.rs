//! Files that hold secrets: ham's own keys, which many processes share, and those that it is given.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use futures_util::future::join_all;
use ham_testkit::server::{Behaviour, Message, Server};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Ham, Running, no_secret, probe};

/// An embedded conductor with the probe, and the flags that name it.
pub(crate) async fn conductor(ham: &Ham, app_id: &str) -> (Running, Vec<String>) {
    let mut running = ham.start(&["dev", "--app", &probe(), "--json", "--app-id", app_id]);
    let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    let port = started["admin_port"].to_string();
    (running, ["--admin-port", &port, "--app-id", app_id].map(str::to_owned).into())
}

pub(crate) async fn end(running: Running) {
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

fn flags<'a>(named: &'a [String], arguments: &[&'a str]) -> Vec<&'a str> {
    arguments.iter().copied().chain(named.iter().map(String::as_str)).collect()
}

/// The tags of ham's grants of the app.
async fn tags(ham: &Ham, named: &[String]) -> Vec<String> {
    let listed = ham.run(&flags(named, &["grants", "list", "--json"])).await.ok().json();
    let grants = listed["grants"].as_array().unwrap().iter();
    let tags = grants.map(|grant| grant["tag"].as_str().unwrap().to_owned());
    tags.filter(|tag| tag.starts_with("ham:")).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Five of eight ended with "head has moved", and each that did not kept a key of its own, of which one was left.
#[tokio::test]
async fn eight_calls_at_once_on_a_new_credential_file_are_answered_and_write_one_grant() {
    let ham = Ham::new();
    let (running, named) = conductor(&ham, "probe").await;
    // Reads: writes of several processes meet on the chain itself, which no credential file prevents.
    let call = flags(&named, &["call", "probe", "probe", "count_items"]);
    let calls = (0..8).map(|_| ham.run(&call));
    for ran in join_all(calls).await {
        ran.ok();
    }
    assert_eq!(tags(&ham, &named).await.len(), 1);
    assert_eq!(mode(&ham.credentials()), 0o600);
    ham.run(&call).await.ok();
    assert_eq!(tags(&ham, &named).await.len(), 1);
    end(running).await;
}

/// The first call's was a raw log line.
#[tokio::test]
async fn a_grant_that_was_written_is_told_in_words_once() {
    let ham = Ham::new();
    let (running, named) = conductor(&ham, "probe").await;
    let call = flags(&named, &["call", "probe", "probe", "count_items"]);
    let first = ham.run(&call).await.ok();
    let words: Vec<_> = told(&first.stderr).collect();
    assert!(matches!(words[..], [grant] if grant.starts_with("wrote a capability grant")), "{first}");
    assert!(!first.stderr.contains("ham::"), "{first}");
    let second = ham.run(&call).await.ok();
    assert_eq!(told(&second.stderr).next(), None);
    let other = flags(&named, &["call", "--json", "ledger", "ledger", "total"]);
    let third = ham.run(&other).await.ok();
    assert!(third.json_lines()[0]["note"].as_str().unwrap().contains("capability grant"), "{third}");
    end(running).await;
}

/// What is told beside that an answer takes its time.
fn told(stderr: &str) -> impl Iterator<Item = &str> {
    stderr.lines().filter(|line| !line.starts_with("waiting for the answer"))
}

/// Processes of two apps that begin together: each wrote the file without the other's key.
#[tokio::test]
async fn two_apps_share_one_credential_file() {
    let ham = Ham::new();
    let ((one, first), (two, second)) = tokio::join!(conductor(&ham, "first"), conductor(&ham, "second"));
    for _ in 0..2 {
        let calls = [(&first, "probe"), (&second, "probe"), (&first, "ledger"), (&second, "ledger")];
        let calls = calls.map(async |(named, role)| {
            let function = if role == "probe" { "count_items" } else { "total" };
            ham.run(&flags(named, &["call", role, role, function])).await
        });
        for ran in join_all(calls).await {
            ran.ok();
        }
        // One for each of the two cells, also the second time.
        assert_eq!(tags(&ham, &first).await.len(), 2);
        assert_eq!(tags(&ham, &second).await.len(), 2);
    }
    end(one).await;
    end(two).await;
}

/// The seed was written into whatever lay there, and became the file with its mode.
#[tokio::test]
async fn nothing_is_written_through_what_lies_beside_the_credential_file() {
    let ham = Ham::new();
    let (running, named) = conductor(&ham, "probe").await;
    let call = flags(&named, &["call", "probe", "probe", "count_items"]);
    let beside = ham.credentials().with_extension("tmp");

    ham.file(".local/state/ham/credentials.tmp", "stale");
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o666)).unwrap();
    ham.run(&call).await.ok();
    assert_eq!(mode(&ham.credentials()), 0o600);
    assert_eq!((std::fs::read(&beside).unwrap().as_slice(), mode(&beside)), (&b"stale"[..], 0o666));
    ham.run(&call).await.ok();

    let elsewhere = ham.file("elsewhere", "another's");
    std::fs::remove_file(&beside).unwrap();
    std::fs::remove_file(ham.credentials()).unwrap();
    symlink(&elsewhere, &beside).unwrap();
    ham.run(&call).await.ok();
    assert_eq!(std::fs::read(&elsewhere).unwrap(), b"another's");
    assert_eq!(mode(&ham.credentials()), 0o600);
    assert!(!std::fs::symlink_metadata(ham.credentials()).unwrap().is_symlink());
    end(running).await;
}

/// A file that is a link, as those who keep such files in one place make them, stays one.
#[tokio::test]
async fn a_credential_file_that_is_a_link_is_replaced_where_it_lies() {
    let ham = Ham::new();
    let (running, named) = conductor(&ham, "probe").await;
    let call = flags(&named, &["call", "probe", "probe", "count_items"]);
    ham.run(&call).await.ok();
    let kept = ham.home.path().join("kept");
    std::fs::rename(ham.credentials(), &kept).unwrap();
    symlink(&kept, ham.credentials()).unwrap();
    let before = std::fs::read(&kept).unwrap();
    ham.run(&flags(&named, &["call", "ledger", "ledger", "total"])).await.ok();
    assert!(std::fs::symlink_metadata(ham.credentials()).unwrap().is_symlink());
    assert!(std::fs::read(&kept).unwrap().len() > before.len());
    assert_eq!(mode(&kept), 0o600);
    end(running).await;
}

/// What ham is given may be mounted so on purpose: it is told, and used. What ham wrote itself is refused.
#[tokio::test]
async fn a_secret_that_others_can_read_is_told() {
    const SECRET: &str = "hush-4711-secret";
    let asked = Behaviour::answer(move |message: Message| {
        let asked: Value = serde_json::from_slice(message.payload()).unwrap();
        Some(Message::from(json!({ "kind": "done", "in_reply_to": asked["id"] }).to_string()))
    });
    let server = Server::start([asked]).await.unwrap();
    let ham = Ham::new();
    let token = ham.file("token", SECRET);
    let open = |mode| std::fs::set_permissions(&token, std::fs::Permissions::from_mode(mode)).unwrap();
    let request = ["request", &server.url(), "ask", "--token-file", &token];
    for mode in [0o644, 0o640, 0o602] {
        open(mode);
        let told = ham.run(&request).await.ok();
        assert!(told.stderr.contains(&token) && told.stderr.contains(&format!("mode {mode:o}")), "{told}");
        no_secret(&told.all(), SECRET.as_bytes());
    }
    open(0o600);
    let quiet = ham.run(&request).await.ok();
    assert!(!quiet.stderr.contains("mode"), "{quiet}");

    // The same of the keystore's passphrase and of an app token; nothing listens where they are for.
    open(0o644);
    let passphrase =
        Ham::new().with("HAM_LAIR_URL", "unix:///s?k=x").with("HAM_LAIR_PASSPHRASE_FILE", &token);
    let told = passphrase.run(&["ping", "--admin-port", "1", "--app-id", "app"]).await;
    assert!(told.stderr.contains("mode 644"), "{told}");
    let app_token = Ham::new().with("HAM_APP_TOKEN_FILE", &token);
    let told = app_token.run(&["ping", "--app-url", "ws://127.0.0.1:1", "--app-id", "app"]).await;
    assert!(told.stderr.contains("mode 644"), "{told}");
}
