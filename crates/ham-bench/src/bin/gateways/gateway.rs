//! A gateway in a process of its own.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, interval, timeout};

use crate::client::Client;
use crate::stage::{APP, Stage};
use crate::{Failure, PATIENCE};

/// Ends with this.
pub(crate) struct Gateway {
    process: Child,
    pub(crate) address: SocketAddr,
    /// Empty where it knows none.
    pub(crate) key: String,
}

impl Gateway {
    /// With an outbox, and the addresses of the other.
    pub(crate) async fn ours(ham: &Path, stage: &Stage) -> Result<Self, Failure> {
        let directory = stage.directory.path();
        let made = Command::new(ham)
            .args(["gateway", "key", "new", "--name", "bench", "--app-id", APP, "--function", "**", "--json"])
            .output()?;
        let made: Value = serde_json::from_slice(&made.stdout)?;
        let (Some(key), Some(stanza)) = (made["key"].as_str(), made["stanza"].as_str()) else {
            return Err("`ham gateway key new` made no key".into());
        };
        let keys = directory.join("keys.toml");
        let mut options = OpenOptions::new();
        options
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&keys)?
            .write_all(stanza.as_bytes())?;
        let config = directory.join("gateway.toml");
        let state = directory.join("state");
        std::fs::write(&config, format!("keys = {keys:?}\nstate_dir = {state:?}\n"))?;
        let mut command = Command::new(ham);
        command.arg("gateway").arg("--config").arg(&config).env("RUST_LOG", "error");
        Self::start(command, stage, key.to_owned(), "ham.log").await
    }

    pub(crate) async fn theirs(binary: &Path, stage: &Stage) -> Result<Self, Failure> {
        let mut command = Command::new(binary);
        // It logs each request at its own default.
        command.env("RUST_LOG", "error");
        Self::start(command, stage, String::new(), "hc-http-gw.log").await
    }

    /// Both read these variables.
    async fn start(mut command: Command, stage: &Stage, key: String, log: &str) -> Result<Self, Failure> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = File::create(stage.directory.path().join(log))?;
        let process = command
            .env("HC_GW_ADMIN_WS_URL", format!("ws://localhost:{}", stage.conductor.admin_port()))
            .env("HC_GW_ALLOWED_APP_IDS", APP)
            .env(format!("HC_GW_ALLOWED_FNS_{APP}"), "*")
            .env("HC_GW_PORT", address.port().to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let gateway = Self { process, address, key };
        timeout(PATIENCE, gateway.answers(&stage.echo())).await?;
        Ok(gateway)
    }

    /// Resolves once it has answered a call well.
    async fn answers(&self, path: &str) {
        let mut again = interval(AGAIN);
        loop {
            again.tick().await;
            let Ok(mut client) = Client::connect(self.address).await else { continue };
            if client.get(path, Instant::now() + PATIENCE).await.is_ok_and(|status| status == 200) {
                return;
            }
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const AGAIN: Duration = Duration::from_millis(50);
