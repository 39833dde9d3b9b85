//! The gateway is killed, as a process.

use std::process::Stdio;
use std::time::Duration;

use ham_gateway::{Config, Server};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::server::{NatsServer, cpu};
use crate::stage::{BLOCKS, Stage, client, must};
use crate::stream::{Stream, blocks, gaps};

/// Names the file of the configuration.
const CONFIG: &str = "HAM_TEST_NATS_GATEWAY";

/// What the tests here start and kill. By itself it is nothing.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is started by the others"]
async fn gateway() {
    let Ok(file) = std::env::var(CONFIG) else { return };
    let server = Server::start(Config::read(file.as_ref()).unwrap()).await.unwrap();
    server.ready().await;
    println!("\nit is ready");
    std::future::pending::<()>().await;
}

/// A gateway's process. Dropping it kills it.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) async fn start(stage: &Stage, url: &str) -> Self {
        let file = stage.directory.path().join("gateway.toml");
        let keys = stage.directory.path().join("keys.toml");
        let text = format!(
            "listen = \"127.0.0.1:0\"\nkeys = \"{}\"\n[conductor]\nadmin_url = \"ws://localhost:{}\"\n\
             [[app]]\nid = \"shop\"\nready = [\"features\"]\nbackfill = \"features/lists/blocks_since\"\n\
             [nats]\nurls = [\"{url}\"]\nacknowledge_within = \"2s\"\n",
            keys.display(),
            stage.conductor.admin_port()
        );
        std::fs::write(&file, text).unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "kills::gateway", "--nocapture"])
            .env(CONFIG, file)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        must(async { while lines.next_line().await.unwrap().expect("it starts") != "it is ready" {} }).await;
        Self(process)
    }

    /// What it has taken.
    pub(crate) fn cpu(&self) -> Duration {
        cpu(self.0.id().unwrap())
    }

    pub(crate) async fn kill(mut self) {
        self.0.start_kill().unwrap();
        let status = must(self.0.wait()).await.unwrap();
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(9),
            "it was killed: {status}"
        );
    }
}

/// At whatever moment, with the server too every third time. The stream knows ids for a tenth of a second only.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_under_load_misses_and_doubles_no_block() {
    let (mut server, stage) = (NatsServer::start().await, Stage::start().await);
    Stream::of(client(&server).await).forgetful().await;
    stage.note("before").await;
    for round in 0..6 {
        let process = Process::start(&stage, &server.url()).await;
        let load = async {
            for n in 0..40 {
                stage.note(&format!("{round} {n}")).await;
            }
        };
        let kill = async {
            let stream = Stream::of(client(&server).await);
            let then = blocks(&stream.all().await, BLOCKS).len();
            stream.once(|all| blocks(all, BLOCKS).len() > then + 3 * round).await;
            process.kill().await;
            if round % 3 == 2 {
                server.kill().await;
                server.restart().await;
            }
        };
        tokio::join!(load, kill);
    }
    let process = Process::start(&stage, &server.url()).await;
    let stream = Stream::of(client(&server).await);
    let all = stream.once(stage.ends_there().await).await;
    assert_eq!(blocks(&all, BLOCKS), stage.chain().await);
    assert_eq!(gaps(&all), ["restart"; 6]);
    process.kill().await;
    stage.conductor.shut_down().await;
}
