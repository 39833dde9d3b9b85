//! The process that is killed, as the test holds it.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::job::{Ask, SETUP, Say, Setup};
use crate::ledger::Ledger;

/// Long enough for a conductor that compiles on a loaded machine: running into it means a hang.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A gateway's process. Dropping it kills it.
pub(crate) struct Gateway {
    process: Child,
    asks: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl Gateway {
    /// Starts it; it ends itself at `crash`.
    pub(crate) async fn start(setup: &Setup, crash: Option<&str>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--ignored", "--exact", "child::gateway", "--nocapture"])
            .env(SETUP, serde_json::to_string(setup).unwrap())
            .env_remove("HAM_GATEWAY_CRASH")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(crash) = crash {
            command.env("HAM_GATEWAY_CRASH", crash);
        }
        let mut process = command.spawn().unwrap();
        let asks = process.stdin.take().unwrap();
        let says = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut gateway = Self { process, asks, says };
        while !matches!(gateway.says().await.expect("it starts"), Say::Ready) {}
        gateway
    }

    /// Asks it for something; it may have died.
    pub(crate) async fn ask(&mut self, ask: &Ask) {
        let line = format!("{}\n", serde_json::to_string(ask).unwrap());
        let _ = self.asks.write_all(line.as_bytes()).await;
    }

    /// What it says next; `None` when it is dead.
    ///
    /// Cancel-safe.
    pub(crate) async fn says(&mut self) -> Option<Say> {
        loop {
            let line = timeout(TIMEOUT, self.says.next_line()).await.expect("it says something");
            // What the test harness prints is none of these.
            match line.ok().flatten() {
                Some(line) if line.starts_with('{') || line.starts_with('"') => {
                    return Some(serde_json::from_str(&line).unwrap());
                }
                Some(_) => {}
                None => return None,
            }
        }
    }

    /// Writes down what it says until it says the last of so many; `false` when it died before.
    pub(crate) async fn listen(&mut self, ledger: &mut Ledger, mut until: impl FnMut(&Say) -> bool) -> bool {
        loop {
            let Some(said) = self.says().await else { return false };
            ledger.heard(&said);
            if until(&said) {
                return true;
            }
        }
    }

    /// Kills it, and writes down what it had said.
    pub(crate) async fn kill(mut self, ledger: &mut Ledger) {
        let _ = self.process.start_kill();
        self.buried(ledger).await;
    }

    /// Waits for its end.
    pub(crate) async fn buried(mut self, ledger: &mut Ledger) {
        while let Some(said) = self.says().await {
            ledger.heard(&said);
        }
        let status = timeout(TIMEOUT, self.process.wait()).await.expect("it ends").unwrap();
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(9),
            "it was killed: {status}"
        );
    }
}
