//! The input of `ham feed serve`.

use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use ham_gateway::nats::{Follow, Followed};
use tokio::io::{AsyncBufRead, BufReader};

use super::lines::{Line, Lines};
use crate::exit::Exit;
use crate::failure::Failure;

/// Where the lines come from.
pub(super) enum Input {
    Lines(Lines<Read>),
    Nats(Box<Follow>),
}

impl Input {
    /// Lines of a file, a FIFO or standard input.
    pub(super) async fn lines(from: &Path) -> Result<Self, Failure> {
        Ok(Self::Lines(Lines::new(open(from).await?)))
    }

    /// The next line, `None` at the end; an inner `None` means that lines may be missing here.
    pub(super) async fn next(&mut self) -> Result<Option<Option<Line>>, Failure> {
        match self {
            Self::Lines(lines) => Ok(lines.next().await.map_err(unreadable)?.map(Some)),
            Self::Nats(follow) => Ok(Some(match follow.next().await {
                Followed::Message { sequence, payload } => {
                    Some(Line { number: sequence, text: Some(payload.to_vec()) })
                }
                _ => None,
            })),
        }
    }

    /// What its numbers count.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Lines(_) => "line",
            Self::Nats(_) => "message",
        }
    }
}

/// What lines are read from.
type Read = Box<dyn AsyncBufRead + Send + Unpin>;

async fn open(from: &Path) -> Result<Read, Failure> {
    if from.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(tokio::io::stdin())));
    }
    let about =
        |error: std::io::Error| unreadable(error).about(format!("cannot read lines from {}", from.display()));
    let is_fifo = tokio::fs::metadata(from).await.map_err(about)?.file_type().is_fifo();
    // Also opened for writing, so that a FIFO has a writer for as long as the server runs, and does not end between two
    // other writers.
    let file = tokio::fs::OpenOptions::new().read(true).write(is_fifo).open(from).await.map_err(about)?;
    Ok(Box::new(BufReader::new(file)))
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::new(Exit::Usage, error, "name a file or a FIFO that exists and can be read")
}
