//! Answering.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ham_devconductor::{DevConductor, MAX_RUNS, MAX_RUNS_TIME, PassLimit, Passed, Snapshot};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::ask::{Answer, Ask, LONGEST};
use crate::output::Output;
use crate::running::Note;

/// Answers one request after the other for as long as the conductor runs; none if there is no socket. A client that
/// sends nothing, or does not read, delays nobody else.
///
/// # Cancel safety
/// Dropping the future ends it and removes the socket. A request may be done in part.
pub(crate) async fn serve(listening: Option<Listening>, conductor: &DevConductor) -> Infallible {
    let Some(listening) = listening else { return std::future::pending().await };
    let (sender, asked) = mpsc::channel(MAX_WAITING);
    // In either order: they only wait for each other's events, and neither ends.
    tokio::select! {
        never = hear(&listening.socket, &sender) => never,
        never = work(asked, conductor) => never,
    }
}

/// Receives requests while another one is in progress. If too many connections are silent, the one that has been silent
/// for longest is closed.
async fn hear(socket: &UnixListener, sender: &mpsc::Sender<Asked>) -> Infallible {
    let mut asking = JoinSet::new();
    let mut silent = VecDeque::<AbortHandle>::new();
    loop {
        // Received requests before new connections: no client that has already sent its request is closed.
        tokio::select! {
            biased;
            Some(asked) = asking.join_next() => {
                // A client that has left gets no answer, and neither does anybody if too many wait.
                if let Ok(Ok(asked)) = asked {
                    let _ = sender.try_send(asked);
                }
            }
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => {
                    silent.retain(|asking| !asking.is_finished());
                    if silent.len() >= MAX_CONNECTIONS && let Some(oldest) = silent.pop_front() {
                        oldest.abort();
                    }
                    silent.push_back(asking.spawn(read(stream)));
                }
                // For example, no descriptor is left: do not retry at once.
                Err(_) => tokio::time::sleep_until(Instant::now() + PAUSE).await,
            }
        }
    }
}

/// A request in progress is finished before the next one.
async fn work(mut asked: mpsc::Receiver<Asked>, conductor: &DevConductor) -> Infallible {
    let mut snapshots = BTreeMap::new();
    let mut answering = JoinSet::new();
    loop {
        // Either may come first: the second arm only tidies up.
        tokio::select! {
            Some((line, writer)) = asked.recv() => {
                let answer = answer(&line, conductor, &mut snapshots).await;
                if answering.len() < MAX_CONNECTIONS {
                    answering.spawn(write(writer, answer));
                }
            }
            Some(_) = answering.join_next() => {}
            else => std::future::pending().await,
        }
    }
}

/// A line, and the connection that waits for its answer.
type Asked = (Vec<u8>, OwnedWriteHalf);

async fn read(stream: UnixStream) -> io::Result<Asked> {
    let (read, write) = stream.into_split();
    let mut line = Vec::new();
    let mut read = BufReader::new(read.take(LONGEST));
    tokio::time::timeout(PATIENCE, read.read_until(b'\n', &mut line)).await??;
    Ok((line, write))
}

async fn write(mut writer: OwnedWriteHalf, answer: Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    tokio::time::timeout(PATIENCE, writer.write_all(&line)).await?
}

async fn answer(line: &[u8], conductor: &DevConductor, snapshots: &mut BTreeMap<String, Snapshot>) -> Answer {
    match serde_json::from_slice(line) {
        Ok(asked) => act(asked, conductor, snapshots).await,
        Err(error) => Err(format!("the request comes from another version of ham: {error}")),
    }
}

async fn act(ask: Ask, conductor: &DevConductor, snapshots: &mut BTreeMap<String, Snapshot>) -> Answer {
    match ask {
        Ask::Snapshot { name } => {
            let name = super::ask::name(&name)?;
            if snapshots.len() >= MAX_SNAPSHOTS && !snapshots.contains_key(&name) {
                return Err(format!(
                    "there are {MAX_SNAPSHOTS} snapshots already: use one of their names again"
                ));
            }
            snapshots.insert(name, conductor.snapshot().await.map_err(words)?);
        }
        Ask::Revert { name } => {
            let Some(snapshot) = snapshots.get(&name) else {
                let known: Vec<&str> = snapshots.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let name = ham::masked(&name);
                return Err(words(anyhow::anyhow!("there is no snapshot `{name}` (there is: {known})")));
            };
            conductor.revert(snapshot).await.map_err(words)?;
        }
        Ask::Clock => return Ok(clock(conductor)),
        Ask::Advance { by } => {
            let passed = conductor.pass_time(by).await.map_err(words)?;
            return Ok(with_runs(clock(conductor), &passed));
        }
        Ask::ResetClock => {
            conductor.reset_clock();
            return Ok(clock(conductor));
        }
        Ask::Delay { by } => conductor.delay_answers(by),
        Ask::DropSignals { drop } => conductor.drop_signals(drop),
        Ask::FailHostFunction { name, times } => conductor.fail_host_function(&name, times).map_err(words)?,
        Ask::Zomes { cell } => return serde_json::to_value(conductor.zome_infos(&cell)).map_err(words),
    }
    Ok(Value::Null)
}

/// The time on the clock, and by how many seconds it is ahead of the system's.
fn clock(conductor: &DevConductor) -> Value {
    let (now, ahead) = conductor.clock();
    json!({ "now": now.to_string(), "ahead_seconds": ahead.as_secs_f64() })
}

/// With what ran while time passed.
fn with_runs(mut clock: Value, passed: &Passed) -> Value {
    let runs = passed.runs.iter().take(MAX_NAMES);
    let runs =
        runs.map(|((zome, function), times)| json!({ "zome": zome, "function": function, "times": times }));
    clock["ran"] = runs.collect();
    clock["skipped_from"] = passed.skipped.map(|skipped| skipped.from.to_string()).into();
    clock["limit_reached"] = passed.skipped.map_or(Value::Null, |skipped| match skipped.limit {
        PassLimit::Runs => json!({ "runs": MAX_RUNS }),
        _ => json!({ "seconds": MAX_RUNS_TIME.as_secs() }),
    });
    clock
}

/// An error and its causes, in one line that fits.
fn words(error: impl Into<anyhow::Error>) -> String {
    let mut words = format!("{:#}", error.into());
    words.truncate(words.floor_char_boundary(MAX_WORDS));
    words
}

/// A socket that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    path: PathBuf,
    socket: UnixListener,
}

impl Listening {
    /// The socket that a note names. If it cannot be made, nobody can send requests, but the conductor runs all the same.
    pub(crate) fn of(note: Option<&Note>, output: Output) -> Option<Self> {
        Self::at(note?.control())
            .inspect_err(|error| {
                output.note(&format!(
                    "`ham dev snapshot`, `time` and `fault` cannot reach this conductor ({error})"
                ));
            })
            .ok()
    }

    fn at(path: PathBuf) -> io::Result<Self> {
        let socket = bind(&path)?;
        Ok(Self { path, socket })
    }
}

/// Its directory is private, and so is the socket.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let socket = UnixListener::bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(socket)
}

impl Drop for Listening {
    fn drop(&mut self) {
        // If it stays, no note names it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Snapshots kept at a time. Each takes as much as the databases of the DNAs.
const MAX_SNAPSHOTS: usize = 32;

/// Functions that are listed, so that the answer is no longer than clients read.
const MAX_NAMES: usize = 100;

/// Bytes of the words in an answer, so that even escaped they fit.
const MAX_WORDS: usize = 600;

/// Connections that may be silent at a time, and just as many that do not read.
const MAX_CONNECTIONS: usize = 16;

/// Requests that wait for the one in progress.
const MAX_WAITING: usize = 64;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(100);
