//! Asking.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use holochain_types::prelude::CellId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use crate::exit::Exit;
use crate::failure::Failure;

/// A request to the conductor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Ask {
    /// Save everything under a name.
    Snapshot { name: String },
    /// Restore everything to that state.
    Revert { name: String },
    /// Read the clock.
    Clock,
    /// Put the clock forward.
    Advance { by: Duration },
    /// Let the clock run with the system's.
    ResetClock,
    /// Hold answers back for this long.
    Delay { by: Duration },
    /// Throw signals away, or send them.
    DropSignals { drop: bool },
    /// Let a host function fail this many times.
    FailHostFunction { name: String, times: u32 },
    /// What the zomes of a cell say about themselves.
    Zomes { cell: CellId },
}

/// The result, nil if something was done; or why it was refused.
pub(super) type Answer = Result<Value, String>;

/// The name of a snapshot: 64 characters at most, none of them a control character.
pub(crate) fn name(name: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&name.chars().count()) && !name.contains(char::is_control);
    fits.then(|| name.to_owned()).ok_or_else(|| "a name has 1 to 64 printable characters".to_owned())
}

/// Sends a request to the conductor behind a socket.
///
/// # Errors
/// Nobody listens, no answer comes in time, or the conductor refuses with a reason.
///
/// # Cancel safety
/// Dropping the future may leave the request done.
pub(crate) async fn ask(socket: &Path, ask: &Ask) -> Result<Value, Failure> {
    let unreached = |error: anyhow::Error| {
        Failure::new(
            Exit::NoConnection,
            error,
            "check that `ham dev` is still running and not busy with another request",
        )
    };
    let unanswered = |error: anyhow::Error| match ask {
        // It changes nothing.
        Ask::Zomes { .. } | Ask::Clock => unreached(error),
        _ => Failure::new(
            Exit::Unknown,
            error,
            "it may have been done: `ham state` and `ham app list` show how things are now",
        ),
    };
    let sent = tokio::time::timeout(PATIENCE, send(socket, ask)).await;
    let stream = sent.context("the conductor does not listen").map_err(unreached)?.map_err(unreached)?;
    let answer = tokio::time::timeout(PATIENCE, answer(stream)).await;
    let answer = answer.context("the conductor does not answer").map_err(unanswered)?;
    answer.map_err(unanswered)?.map_err(|why| Failure::new(Exit::Refused, anyhow::anyhow!(why), ask.advice()))
}

impl Ask {
    /// What to do if the conductor refuses.
    fn advice(&self) -> &'static str {
        match self {
            Self::Snapshot { .. } => {
                "pass the name of a snapshot that you no longer need, or try again when less is going on"
            }
            Self::Revert { .. } => "pass the name of an existing snapshot; `ham dev snapshot NAME` takes one",
            Self::Clock | Self::Advance { .. } | Self::ResetClock => {
                "pass no more than that; `ham dev time system` undoes earlier moves"
            }
            Self::Delay { .. } | Self::DropSignals { .. } => "stop the conductor and start it again",
            Self::FailHostFunction { .. } => {
                "pass the name that the HDK gives it, such as `create` or `get_links`"
            }
            Self::Zomes { .. } => "`ham info` lists the cells that run",
        }
    }
}

async fn send(socket: &Path, ask: &Ask) -> anyhow::Result<UnixStream> {
    let mut stream =
        UnixStream::connect(socket).await.context("nothing is listening on the conductor's socket")?;
    let mut line = serde_json::to_vec(ask)?;
    line.push(b'\n');
    stream.write_all(&line).await.context("the conductor went away")?;
    Ok(stream)
}

async fn answer(stream: UnixStream) -> anyhow::Result<Answer> {
    let mut answer = Vec::new();
    let read = BufReader::new(stream.take(LONGEST_ANSWER)).read_until(b'\n', &mut answer).await;
    read.context("the connection ended before an answer came")?;
    anyhow::ensure!(!answer.is_empty(), "the connection ended before an answer came");
    serde_json::from_slice(&answer).context("the conductor sent an unexpected answer")
}

/// The longest request, in bytes.
pub(super) const LONGEST: u64 = 4096;

/// The longest answer, in bytes.
const LONGEST_ANSWER: u64 = 1 << 20;

/// Longer than the conductor waits for the request in progress.
const PATIENCE: Duration = Duration::from_secs(60);
