//! `ham gateway calls cancel`, of calls that wait for a conductor that is away.

use ham_testkit::server::{Behaviour, Message, Server, ServerEvent};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::gateway::asked;
use crate::keeping::{Keeping, calls, keeping};
use crate::support::{Ham, Running, endings};

/// No gateway has made this one.
const UNKNOWN: &str = "01M8J10V1SQV71CG9X56JPDN5W";
/// Nor this one.
const ELSEWHERE: &str = "01M8J10V1SQV71CG9X56JPDN5X";

/// Makes calls that wait, and answers their ids.
async fn waiting(keeping: &Keeping, names: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        let head = format!(
            "POST /api/v1/apps/shop/roles/main/zomes/bridge/fns/pay HTTP/1.1\r\nAuthorization: Bearer {}\r\n\
             Prefer: respond-async\r\nIdempotency-Key: {name}",
            keeping.key
        );
        let answer = asked(&keeping.url, &head, "").await;
        ids.push(answer.lines().find_map(|line| line.strip_prefix("ham-call-id: ")).unwrap().to_owned());
    }
    ids
}

/// It stopped at the first that there is not, did not say which that was, and left those behind it.
#[tokio::test]
async fn an_id_that_is_not_known_does_not_keep_the_others_from_being_cancelled() {
    let ham = Ham::new();
    let keeping = keeping(&ham, "shop", "1").await;
    let ids = waiting(&keeping, &["inv-1", "inv-2", "inv-3"]).await;
    let ask = async |verb: &[&str]| calls(&ham, &keeping.url, &keeping.key_file, verb).await;
    let some = ask(&["cancel", UNKNOWN, &ids[0], ELSEWHERE, &ids[1]]).await;
    some.failed(1, &["2 of 4 were not cancelled", "each line says why"]);
    let lines: Vec<&str> = some.text().lines().collect();
    let said = |nth: usize, id: &str, words: &str| {
        let rest = lines[nth].strip_prefix(id).unwrap_or_else(|| panic!("{id}: {some}"));
        assert!(rest.trim_start().starts_with(words), "{words:?}: {some}");
    };
    said(0, UNKNOWN, "not cancelled: Not found: there is no such call");
    said(1, &ids[0], "cancelled");
    said(2, ELSEWHERE, "not cancelled: Not found: there is no such call");
    said(3, &ids[1], "cancelled");
    ask(&["cancel", UNKNOWN, &ids[0]]).await.failed(1, &["1 of 2 was not cancelled"]);
    ask(&["cancel", UNKNOWN]).await.failed(1, &["error: it was not cancelled"]);
    let json = ask(&["cancel", UNKNOWN, &ids[2], "--json"]).await;
    let told: Vec<Value> = json.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&told[0]["id"], &told[1]["id"]), (&UNKNOWN.into(), &ids[2].as_str().into()));
    assert!(told[0]["error"].as_str().unwrap().contains("there is no such call"), "{json}");
    assert_eq!((&told[1]["outcome"], json.code), (&"not_run".into(), Some(1)));
    keeping.running.signal(Signal::INT);
    assert_eq!(keeping.running.ended().await, Some(0));
    // Who could not be asked at all is told of each, too.
    let gone = ham.run(&["gateway", "calls", "cancel", UNKNOWN, ELSEWHERE, "--gateway", &keeping.url]).await;
    gone.failed(3, &["nothing is listening there: start the gateway"]);
    let lines: Vec<&str> = gone.text().lines().collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains("not requested")), "{gone}");
}

/// Where none was queued, nothing was said at all; and the usage did not know of `--queued`.
#[tokio::test]
async fn that_no_call_is_queued_is_said() {
    let ham = Ham::new();
    let keeping = keeping(&ham, "shop", "1").await;
    let ask = async |verb: &[&str]| calls(&ham, &keeping.url, &keeping.key_file, verb).await;
    let none = ask(&["cancel", "--queued"]).await.ok();
    // On a slow machine it is said before that there is no answer yet.
    assert!(none.text().is_empty() && none.stderr.ends_with("no call is queued\n"), "{none}");
    ask(&["cancel"]).await.failed(2, &["<ID|--queued>"]);
    ask(&["cancel", "--queued", UNKNOWN]).await.failed(2, &["cannot be used with"]);
    let help = ham.run(&["gateway", "calls", "cancel", "--help"]).await.ok();
    assert!(help.text().contains("cancel [OPTIONS] <ID|--queued>\n"), "{help}");
    keeping.running.signal(Signal::INT);
    assert_eq!(keeping.running.ended().await, Some(0));
}

/// What can be read once was read for the first connection, and was empty for the second.
#[tokio::test]
async fn a_key_from_standard_input_or_a_pipe_is_good_for_every_call() {
    let ham = Ham::new();
    let keeping = keeping(&ham, "shop", "1").await;
    waiting(&keeping, &["inv-1", "inv-2"]).await;
    let cancel = ["gateway", "calls", "cancel", "--queued", "--gateway", &keeping.url, "--key-file", "-"];
    let both = ham.run_with(&cancel, keeping.key.as_bytes()).await.ok();
    assert_eq!(both.text().lines().filter(|line| line.ends_with("  cancelled")).count(), 2, "{both}");
    let list = ["gateway", "calls", "list", "--gateway", &keeping.url, "--key-file", "/dev/stdin"];
    ham.run_with(&list, keeping.key.as_bytes()).await.ok();
    keeping.running.signal(Signal::INT);
    assert_eq!(keeping.running.ended().await, Some(0));
}

/// One connection was made for each: 1,200 took more than 40 s. A key that may ask for less at a time is waited for, not refused.
#[tokio::test]
async fn many_are_cancelled_on_one_connection_within_the_rate_of_the_key() {
    let ham = Ham::new();
    let keeping = keeping(&ham, "shop", "1").await;
    let names: Vec<String> = (0..40).map(|nth| format!("inv-{nth}")).collect();
    let ids = waiting(&keeping, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let keys = ham.home.path().join("keys.toml");
    let slow = std::fs::read_to_string(&keys).unwrap() + "rate = \"10/s\"\n";
    std::fs::write(&keys, slow).unwrap();
    let mut keeping = keeping;
    keeping.running.signal(Signal::HUP);
    keeping.running.said("was reloaded").await;
    let cancelled =
        calls(&ham, &keeping.url, &keeping.key_file, &["cancel", "--queued", "--json"]).await.ok();
    let told = cancelled.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<_> = told.map(|told| (told["id"].clone(), told["outcome"].clone())).collect();
    let all: Vec<_> = ids.iter().map(|id| (Value::from(id.as_str()), Value::from("not_run"))).collect();
    assert_eq!(told, all);
    assert!(!cancelled.stderr.contains("waiting"), "{cancelled}");
    keeping.running.signal(Signal::INT);
    assert_eq!(keeping.running.ended().await, Some(0));
}

/// What is too short for one was asked for over the network, and the gateway said that there is no such call.
#[tokio::test]
async fn what_is_no_id_is_told_before_anything_is_dialled() {
    let ham = Ham::new();
    let nowhere = ["--gateway", "http://127.0.0.1:1"];
    for wrong in ["nonsense", &UNKNOWN[1..], "01M8J10V1SQV71CG9X56JPDN5U", ""] {
        for verb in [&["show", wrong][..], &["cancel", UNKNOWN, wrong]] {
            let ran = ham.run(&[&["gateway", "calls"], verb, &nowhere].concat()).await;
            ran.failed(2, &["a call ID has 26 letters and digits"]);
            assert!(ran.stdout.is_empty(), "{ran}");
        }
    }
    // It is known however it is written.
    let lower = UNKNOWN.to_lowercase();
    ham.run(&[&["gateway", "calls", "show", &lower], &nowhere[..]].concat()).await.failed(3, &[]);
}

/// A gateway with these calls that says of the first three that they are cancelled, and of the others nothing.
fn sparing(ids: Vec<String>) -> Behaviour {
    Behaviour::answer(move |message: Message| {
        let asked: Value = serde_json::from_slice(message.payload()).unwrap();
        let id = &asked["payload"]["id"];
        let told = if asked["kind"] == "call.list" {
            let calls: Vec<_> = ids.iter().map(|id| json!({ "id": id, "state": "queued" })).collect();
            json!({ "calls": calls, "next": null })
        } else if ids[..3].iter().any(|known| known == id) {
            json!({ "id": id, "state": "settled", "outcome": "not_run" })
        } else {
            return None;
        };
        Some(Message::from(
            json!({ "kind": "call", "in_reply_to": asked["id"], "payload": told }).to_string(),
        ))
    })
}

/// Cancels twenty calls of such a gateway, until three are said to be cancelled and sixteen are asked for.
async fn cancelling_of_twenty(ham: &Ham) -> (Running, Server, Vec<String>) {
    let ids: Vec<String> = (0..20).map(|nth| format!("01M8J10V1SQV71CG9X56JPDN{nth:02}")).collect();
    let gateway = Server::start([sparing(ids.clone())]).await.unwrap();
    let url = format!("http://{}", gateway.address());
    let mut running = ham.start(&["gateway", "calls", "cancel", "--queued", "--gateway", &url]);
    for id in &ids[..3] {
        assert_eq!(running.line(|_| true).await, format!("{id}  cancelled"));
    }
    let is_last = |event: &ServerEvent| match event {
        ServerEvent::Received { message, .. } => {
            std::str::from_utf8(message.payload()).unwrap().contains(&ids[18])
        }
        _ => false,
    };
    gateway.events().wait_for(is_last).await.unwrap();
    (running, gateway, ids)
}

/// It printed fewer lines than it had cancelled, and its exit code was that of a process that was killed.
#[tokio::test]
async fn an_interrupted_cancelling_tells_of_each_call_what_is_known() {
    let ham = Ham::new();
    for (signal, code) in endings() {
        let (mut running, _gateway, ids) = cancelling_of_twenty(&ham).await;
        running.signal(signal);
        for (nth, id) in ids.iter().enumerate().skip(3) {
            let line = running.line(|_| true).await;
            let words = match nth {
                19 => "not requested: interrupted",
                _ => "requested, but the gateway did not say what became of it",
            };
            assert_eq!(line, format!("{id}  {words}"));
        }
        running.said("interrupted: 17 of 20 were not cancelled; each line says why").await;
        assert_eq!(running.ended().await, Some(code));
    }
}

#[tokio::test]
async fn a_cancelling_that_is_interrupted_twice_ends_at_once() {
    let ham = Ham::new();
    let (mut running, _gateway, _) = cancelling_of_twenty(&ham).await;
    running.signal(Signal::INT);
    running.said("interrupt again to stop at once").await;
    running.signal(Signal::INT);
    running.said("a call without a line may or may not be cancelled").await;
    assert_eq!(running.ended().await, Some(130));
}

/// What it has said is what the gateway did, whenever it is interrupted.
#[tokio::test]
async fn what_an_interrupted_cancelling_says_is_true() {
    let ham = Ham::new();
    let mut keeping = keeping(&ham, "shop", "1").await;
    let names: Vec<String> = (0..40).map(|nth| format!("inv-{nth}")).collect();
    let ids = waiting(&keeping, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (keys, fast) = (ham.home.path().join("keys.toml"), ham.home.path().join("keys.toml"));
    let fast = std::fs::read_to_string(fast).unwrap();
    let mut read_again = async |text: &str| {
        std::fs::write(&keys, text).unwrap();
        keeping.running.signal(Signal::HUP);
        keeping.running.said("was reloaded").await;
    };
    // Two at once, and then one a second.
    read_again(&format!("{fast}rate = \"1/s\"\n")).await;
    let cancel = ["gateway", "calls", "cancel", "--queued", "--gateway", &keeping.url, "--key-file"];
    let mut running = ham.start(&[&cancel[..], &[keeping.key_file.as_str()]].concat());
    let mut told = vec![running.line(|_| true).await];
    running.signal(Signal::INT);
    for _ in &ids[1..] {
        told.push(running.line(|_| true).await);
    }
    assert_eq!(running.ended().await, Some(130));
    read_again(&fast).await;
    let open = calls(&ham, &keeping.url, &keeping.key_file, &["list", "--json"]).await.ok().json();
    let open: Vec<_> = open["calls"].as_array().unwrap().iter().map(|call| call["id"].clone()).collect();
    for (id, told) in ids.iter().zip(&told) {
        let words = told.strip_prefix(id.as_str()).unwrap_or_else(|| panic!("{id}: {told}"));
        let is_open = open.contains(&id.as_str().into());
        let fits = match words.trim_start() {
            "cancelled" => !is_open,
            "not requested: interrupted" => is_open,
            words => words.starts_with("not cancelled: ") && is_open,
        };
        assert!(fits, "{told}, and open are {open:?}");
    }
    keeping.running.signal(Signal::INT);
    assert_eq!(keeping.running.ended().await, Some(0));
}
