//! A `nats-server` of a test's own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use ham_testkit::port::Port;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A server on a port and with a store of its own. Dropping it kills it.
pub(crate) struct NatsServer {
    pub(crate) port: u16,
    /// Nobody else's while it is away.
    _reserved: Port,
    directory: TempDir,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl NatsServer {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With these arguments, in which `DIR` is its directory.
    pub(crate) async fn with(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display().to_string();
        let arguments = arguments.iter().map(|argument| argument.replace("DIR", &path)).collect();
        let reserved = Port::reserve().unwrap();
        let mut server =
            Self { port: reserved.number(), _reserved: reserved, directory, arguments, process: None };
        server.restart().await;
        server
    }

    /// Starts it again with what it has stored.
    pub(crate) async fn restart(&mut self) {
        let mut command = Command::new(program());
        command
            .args(["-a", "127.0.0.1", "-js", "-p", &self.port.to_string(), "-sd"])
            .arg(self.directory.path().join("store"))
            .args(&self.arguments)
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command.spawn().expect("nats-server is installed");
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let ready = async {
            let mut said = Vec::new();
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains("Server is ready") {
                    return;
                }
                said.push(line);
            }
            panic!("nats-server does not start: {said:?}");
        };
        tokio::time::timeout(BOUND, ready).await.expect("it hangs");
        // What it says later is for nobody, and must not fill the pipe.
        #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
        drop(tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} }));
        self.process = Some(process);
    }

    /// As a power cut of its own.
    pub(crate) async fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.start_kill().unwrap();
        process.wait().await.unwrap();
    }

    /// What it has taken.
    pub(crate) fn cpu(&self) -> Duration {
        cpu(self.id())
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().unwrap().id().unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

/// The time of a CPU that a process has taken, in hundredths of a second.
pub(crate) fn cpu(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // Its name may have spaces in it, and ends with the last bracket.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().map(|at| fields[*at].parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// Debian puts it where only administrators look.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = directories.map(|directory| directory.join("nats-server")).find(|program| program.is_file());
    found.expect("nats-server is installed: `apt-get install nats-server`")
}

/// Reaching it means a hang.
const BOUND: Duration = Duration::from_secs(60);
