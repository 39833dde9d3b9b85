//! The end of a tool's output, and the two lines in it that mean something.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::{broadcast, watch};

/// The conductor's `RUST_LOG`: enough to understand a failure, too little to slow it down.
pub const DEFAULT_RUST_LOG: &str = "warn";

/// How many lines of a process's output are kept, the newest ones.
pub const MAX_LOG_LINES: usize = 500;

/// Lines shown in an error.
const SHOWN_LINES: usize = 30;

const READY: &str = "Conductor ready.";

/// Longer lines are cut, so that the kept lines have a bounded size.
const MAX_LINE: usize = 4096;

/// What the process has announced on its output since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Announced {
    /// The conductor's admin port, or the relay's only one.
    pub(crate) port: Option<u16>,
    pub(crate) ready: bool,
}

/// The kept lines, shared by the readers of both pipes. Lines stay across restarts.
#[derive(Debug, Clone)]
pub(crate) struct Logs {
    kept: Arc<Mutex<VecDeque<String>>>,
    /// Those of standard output, without announcements.
    printed: broadcast::Sender<String>,
}

/// Which pipe a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pipe {
    Output,
    Error,
}

impl Default for Logs {
    fn default() -> Self {
        Self { kept: Arc::default(), printed: broadcast::Sender::new(MAX_LOG_LINES) }
    }
}

impl Logs {
    pub(crate) fn push(&self, line: &str) -> String {
        let line = anstream::adapter::strip_str(line).to_string().chars().take(MAX_LINE).collect::<String>();
        let mut lines = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MAX_LOG_LINES {
            lines.pop_front();
        }
        lines.push_back(line.clone());
        line
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// What is printed on standard output from now on.
    pub(crate) fn printed(&self) -> broadcast::Receiver<String> {
        self.printed.subscribe()
    }

    /// The last lines, for an error text.
    pub(crate) fn tail(&self) -> String {
        let lines = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES));
        shown.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }

    /// Reads a pipe to its end, keeping the lines and looking for announcements.
    pub(crate) async fn follow(
        self,
        pipe: impl AsyncRead + Unpin,
        which: Pipe,
        announced: watch::Sender<Announced>,
    ) {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        // A failing pipe ends like a closed one: the process is gone, which its owner notices.
        while reader.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            let kept = self.push(text);
            if which == Pipe::Output && !is_announcement(text) {
                // Nobody may be following.
                let _ = self.printed.send(kept);
            }
            announced.send_if_modified(|announced| announced.notice(text));
            line.clear();
        }
    }
}

impl Announced {
    /// Whether the line announced something new.
    fn notice(&mut self, line: &str) -> bool {
        let before = *self;
        let line = line.trim();
        self.ready |= line == READY || line == "#kitsune2_bootstrap_srv#running#";
        self.port = conductor_port(line).or_else(|| relay_port(line)).or(self.port);
        *self != before
    }
}

/// Whether `holochain` prints this about itself; whatever else it prints, zomes log.
fn is_announcement(line: &str) -> bool {
    line.is_empty() || line.starts_with("###") || line == READY
}

fn conductor_port(line: &str) -> Option<u16> {
    line.strip_prefix("###ADMIN_PORT:")?.strip_suffix("###")?.parse().ok()
}

fn relay_port(line: &str) -> Option<u16> {
    let address = line.strip_prefix("#kitsune2_bootstrap_srv#listening#")?.strip_suffix('#')?;
    address.parse().ok().map(|address: SocketAddr| address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_announcements_are_noticed_and_the_lines_kept() {
        let output = "noise\n\n###HOLOCHAIN_SETUP###\n###ADMIN_PORT:36453###\n###HOLOCHAIN_SETUP_END###\nConductor ready.\n\u{1b}[31mERROR\u{1b}[0m no newline at the end";
        let (logs, announced) = (Logs::default(), watch::Sender::default());
        let (seen, mut printed) = (announced.subscribe(), logs.printed());
        logs.clone().follow(&b"on the other pipe\n"[..], Pipe::Error, announced.clone()).await;
        logs.clone().follow(output.as_bytes(), Pipe::Output, announced).await;
        assert_eq!(*seen.borrow(), Announced { port: Some(36453), ready: true });
        assert_eq!(logs.lines().last().map(String::as_str), Some("ERROR no newline at the end"));
        assert!(logs.tail().starts_with("  on the other pipe\n  noise\n"));
        let zomes: Vec<_> = std::iter::from_fn(|| printed.try_recv().ok()).collect();
        assert_eq!(zomes, ["noise", "ERROR no newline at the end"]);
    }

    #[test]
    fn the_relays_announcements_are_noticed() {
        let mut announced = Announced::default();
        assert!(announced.notice("#kitsune2_bootstrap_srv#running#"));
        assert!(announced.notice("#kitsune2_bootstrap_srv#listening#127.0.0.1:40123#"));
        assert!(!announced.notice("#kitsune2_bootstrap_srv#listening#nowhere#"));
        assert_eq!(announced, Announced { port: Some(40123), ready: true });
    }

    #[test]
    fn only_the_newest_lines_stay() {
        let logs = Logs::default();
        for number in 0..MAX_LOG_LINES + 2 {
            logs.push(&number.to_string());
        }
        assert_eq!((logs.lines().len(), logs.lines()[0].as_str()), (MAX_LOG_LINES, "2"));
        assert_eq!(logs.tail().lines().count(), SHOWN_LINES);
    }
}
