//! A conductor that dies under load and is started again, several times: what each gateway answered, and how often each call ran.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ham_launcher::{Install, InstallSource};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::Failure;
use crate::client::Client;
use crate::gateway::Gateway;
use crate::stage::{Stage, path};

const CLIENTS: usize = 16;
const KILLS: usize = 5;
/// Before each time the conductor is killed.
const BEFORE: Duration = Duration::from_secs(3);
/// After it runs again for the last time.
const AFTER: Duration = Duration::from_secs(6);
/// How long a client waits for an answer; both gateways wait for 10 s.
const WAIT: Duration = Duration::from_secs(40);
/// What a client waits that was not answered well.
const PAUSE: Duration = Duration::from_millis(20);

/// How calls are made.
#[derive(Clone)]
enum Way {
    /// By an address that both gateways have.
    Get { path: String },
    /// Under a key.
    Keyed { key: String },
}

/// How each call was answered; 0 is not at all.
type Answers = BTreeMap<String, u16>;

pub(crate) async fn report(name: &str, ham: &Path, other: Option<&Path>) -> Result<(), Failure> {
    println!(
        "\n{name}: the conductor killed and started again {KILLS} times, {CLIENTS} clients that write\n"
    );
    println!(
        "| gateway | answered, by status | ran twice | 200 and not on the chain | another answer, and on the chain |"
    );
    println!("|---|---|---|---|---|");
    for way in ["hc-http-gw", "ham, the same requests", "ham, each under a key"] {
        let mut stage = Stage::set(install(name, ham).await?).await?;
        let path = stage.address("bare", "bare_create");
        let (gateway, made) = match (way, other) {
            ("hc-http-gw", None) => continue,
            ("hc-http-gw", Some(other)) => (Gateway::theirs(other, &stage).await?, Way::Get { path }),
            ("ham, the same requests", _) => (Gateway::ours(ham, &stage).await?, Way::Get { path }),
            _ => {
                let gateway = Gateway::ours(ham, &stage).await?;
                let key = gateway.key.clone();
                (gateway, Way::Keyed { key })
            }
        };
        let answers = interrupted(&mut stage, &gateway, made).await?;
        let written = stage.written().await?;
        println!("| {way} | {}", columns(&answers, &written));
        drop(gateway);
        stage.end().await?;
    }
    println!();
    Ok(())
}

async fn install(name: &str, ham: &Path) -> Result<Install, Failure> {
    if name == "embedded" {
        return Ok(Install::embedded(ham));
    }
    let found = Install::find().await?.filter(|install| install.source != InstallSource::Embedded);
    found.ok_or_else(|| "the conductor is gone".into())
}

/// Calls while the conductor runs, dies and runs again.
async fn interrupted(stage: &mut Stage, gateway: &Gateway, way: Way) -> Result<Answers, Failure> {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let way = Arc::new(way);
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(calls(gateway.address, client, Arc::clone(&way), stopped.clone()));
    }
    for _ in 0..KILLS {
        sleep_until(Instant::now() + BEFORE).await;
        stage.conductor.kill().await?;
        stage.conductor.restart().await?;
    }
    sleep_until(Instant::now() + AFTER).await;
    let _ = stop.send(true);
    let mut answers = Answers::new();
    while let Some(answered) = clients.join_next().await {
        answers.extend(answered?);
    }
    Ok(answers)
}

/// One call after another, each once.
async fn calls(
    address: SocketAddr,
    client: usize,
    way: Arc<Way>,
    stopped: tokio::sync::watch::Receiver<bool>,
) -> Answers {
    let mut answers = Answers::new();
    let mut connected = None;
    for number in 0.. {
        if *stopped.borrow() {
            break;
        }
        let Some(mut connection) = (match connected.take() {
            Some(connection) => Some(connection),
            None => Client::connect(address).await.ok(),
        }) else {
            sleep_until(Instant::now() + PAUSE).await;
            continue;
        };
        let id = format!("{client}-{number}");
        let item = json!({ "call_id": id, "body": "something to keep" }).to_string();
        let until = Instant::now() + WAIT;
        let answered = match &*way {
            Way::Get { path } => {
                connection.get(&format!("{path}?payload={}", URL_SAFE.encode(item)), until).await
            }
            Way::Keyed { key } => connection.post(&path("bare", "bare_create"), key, &id, item, until).await,
        };
        if answered.is_ok() {
            connected = Some(connection);
        }
        let status = answered.unwrap_or(0);
        answers.insert(id, status);
        if status != 200 {
            sleep_until(Instant::now() + PAUSE).await;
        }
    }
    answers
}

fn columns(answers: &Answers, written: &BTreeMap<String, usize>) -> String {
    let mut statuses = BTreeMap::<u16, usize>::new();
    for status in answers.values() {
        *statuses.entry(*status).or_default() += 1;
    }
    let statuses: Vec<String> =
        statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    let twice = written.values().filter(|count| **count > 1).count();
    let missing = answers.iter().filter(|(id, status)| **status == 200 && !written.contains_key(*id)).count();
    let mut present = BTreeMap::<u16, usize>::new();
    for status in answers
        .iter()
        .filter(|(id, status)| **status != 200 && written.contains_key(*id))
        .map(|(_, status)| *status)
    {
        *present.entry(status).or_default() += 1;
    }
    let present: Vec<String> = present.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    let present = if present.is_empty() { "0".to_owned() } else { present.join(", ") };
    format!("{} | {twice} | {missing} | {present} |", statuses.join(", "))
}
