//! Whatever answers in place of a conductor: each a clear text with what to do, no hang, no hot loop, no secret.

use futures_util::future::join_all;
use ham_testkit::server::{Behaviour, Message, Server, ServerEvent};
use tokio::net::TcpListener;

use crate::support::{Ham, no_secret};

/// Long enough for a local dial under load; servers that never answer make the command wait this long.
const TIMEOUT: &str = "3s";

const ONE_ANSWER: [&[&str]; 6] = [
    &["ping"],
    &["info"],
    &["call", "role", "zome", "function"],
    &["signals"],
    &["grants", "list"],
    &["doctor"],
];

fn ham(server: &Server) -> Ham {
    Ham::new()
        .with("HAM_ADMIN_URL", format!("ws://{}", server.address()))
        .with("HAM_APP_ID", "app")
        .with("HAM_REQUEST_TIMEOUT_SECS", TIMEOUT)
}

/// How many connections the server saw so far.
fn accepted(server: &Server) -> usize {
    let mut events = server.events();
    std::iter::from_fn(|| events.try_next())
        .filter(|event| matches!(event, ServerEvent::Accepted { .. }))
        .count()
}

/// Every command fails with one of these codes, with these words, and dials once or twice.
async fn all_fail(behaviour: Behaviour, codes: &[i32], words: &[&str]) {
    join_all(ONE_ANSWER.map(async |command| {
        let server = Server::start([behaviour.clone()]).await.unwrap();
        let ran = ham(&server).run(command).await;
        assert!(ran.code.is_some_and(|code| codes.contains(&code)), "{ran}");
        for word in words {
            assert!(ran.stderr.contains(word), "lacks {word:?}: {ran}");
        }
        assert!(ran.stderr.contains("what to do:"), "{ran}");
        assert!(accepted(&server) <= 2, "{command:?} dialled {} times", accepted(&server));
    }))
    .await;
}

#[tokio::test]
async fn nothing_listens() {
    // Port 1 is never listened on.
    for command in ONE_ANSWER {
        let ham = Ham::new().with("HAM_ADMIN_PORT", 1).with("HAM_APP_ID", "app");
        let ran = ham.run(command).await;
        ran.failed(3, &["what to do: ", "start the conductor"]);
    }
}

#[tokio::test]
async fn the_origin_is_refused() {
    all_fail(Behaviour::RefuseUpgrade { status: 403 }, &[3], &["origin", "--origin", "HAM_ORIGIN"]).await;
}

#[tokio::test]
async fn the_server_is_busy() {
    all_fail(Behaviour::RefuseUpgrade { status: 503 }, &[3], &["busy", "try again later"]).await;
}

#[tokio::test]
async fn it_is_another_web_server() {
    all_fail(Behaviour::RefuseUpgrade { status: 404 }, &[3], &["another web server"]).await;
}

#[tokio::test]
async fn the_upgrade_is_never_answered() {
    all_fail(Behaviour::NeverUpgrade, &[3], &["what to do:"]).await;
}

#[tokio::test]
async fn requests_are_never_answered() {
    all_fail(Behaviour::Silent, &[3, 4], &[]).await;
}

#[tokio::test]
async fn answers_are_garbage() {
    let garbage = Behaviour::answer(|_| [Message::Binary(vec![0xc1, 0xff, 0x00].into())]);
    all_fail(garbage, &[1, 3, 4], &[]).await;
}

#[tokio::test]
async fn what_answers_speaks_no_http() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail ready\r\n").await;
        }
    };
    let ham = Ham::new().with("HAM_ADMIN_URL", format!("ws://{address}")).with("HAM_APP_ID", "app");
    tokio::select! {
        ran = ham.run(&["ping"]) => ran.failed(3, &["not a WebSocket server", "what to do:"]),
        () = serve => {}
    }
}

#[tokio::test]
async fn the_token_is_refused_and_never_printed() {
    const TOKEN: &[u8] = b"a-token-of-twenty-bytes";
    for behaviour in [Behaviour::CloseAfter { messages: 0, code: 1000 }, Behaviour::DropAfter { messages: 0 }]
    {
        let server = Server::start([behaviour]).await.unwrap();
        let ham =
            Ham::new().with("HAM_APP_URL", format!("ws://{}", server.address())).with("HAM_APP_ID", "app");
        let file = ham.file("token", base64(TOKEN));
        let ham = ham.with("HAM_APP_TOKEN_FILE", file).with("RUST_LOG", "trace");
        for command in [&["ping"][..], &["ping", "--json", "-vvv"], &["doctor"], &["info", "--settings"]] {
            let ran = ham.run(command).await;
            no_secret(&ran.all(), TOKEN);
            if command[0] != "info" {
                ran.failed(3, &["token", "refused"]);
            }
        }
    }
}

#[tokio::test]
async fn a_token_file_that_is_none_is_not_quoted() {
    let ham = Ham::new().with("HAM_APP_URL", "ws://127.0.0.1:1").with("HAM_APP_ID", "app");
    let file = ham.file("token", "*** no base64: hunter2 ***");
    let ran = ham.with("HAM_APP_TOKEN_FILE", file).run(&["ping", "-vvv"]).await;
    ran.failed(8, &["not valid base64", "HAM_APP_TOKEN_FILE"]);
    no_secret(&ran.all(), b"hunter2");
}

#[tokio::test]
async fn doctor_names_the_step() {
    for (behaviour, step) in [
        (Behaviour::RefuseUpgrade { status: 403 }, "origin"),
        (Behaviour::NeverUpgrade, "admin port"),
        (Behaviour::DropAfter { messages: 1 }, "admin port"),
    ] {
        let server = Server::start([behaviour]).await.unwrap();
        let ran = ham(&server).run(&["doctor", "--json"]).await;
        let steps = ran.json()["steps"].as_array().unwrap().clone();
        let failing: Vec<_> = steps.iter().filter(|found| found["finding"] == "fails").collect();
        assert_eq!(failing.len(), 1, "{ran}");
        assert_eq!(failing[0]["step"], step, "{ran}");
        assert!(failing[0]["advice"].is_string(), "{ran}");
    }
}

#[tokio::test]
async fn state_says_why_there_is_no_link_and_follows_with_pauses() {
    let server = Server::start([Behaviour::RefuseUpgrade { status: 503 }]).await.unwrap();
    let ham = ham(&server);
    let once = ham.run(&["state"]).await;
    once.failed(3, &["HTTP status 503"]);
    assert!(once.text().contains("backing off"), "{once}");
    let mut follow = ham.start(&["state", "--follow", "--json"]);
    for attempt in 1..=3 {
        let line = follow.line(|line| line.contains("backing_off")).await;
        let state: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(state["attempt"], attempt, "{line}");
        // 100 ms doubling, less 10 % of jitter and what has passed of it when the line was made.
        assert!(state["for_ms"].as_f64().unwrap() > 0.0, "{line}");
    }
    follow.signal(rustix::process::Signal::TERM);
    assert_eq!(follow.ended().await, Some(143));
}

#[tokio::test]
async fn wait_goes_on_with_pauses_and_gives_up_at_its_bound_or_when_waiting_does_not_help() {
    let busy = Server::start([Behaviour::RefuseUpgrade { status: 503 }]).await.unwrap();
    let ran = ham(&busy).with("HAM_RECONNECT_BACKOFF_INITIAL_MS", 1000).run(&["ping", "--wait"]).await;
    ran.failed(3, &["waiting: attempt 1", "gave up waiting", "503"]);
    assert!(accepted(&busy) <= 4, "dialled {} times in three seconds", accepted(&busy));
    let refusing = Server::start([Behaviour::RefuseUpgrade { status: 403 }]).await.unwrap();
    ham(&refusing).run(&["ping", "--wait"]).await.failed(3, &["origin"]);
    assert_eq!(accepted(&refusing), 1);
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}
