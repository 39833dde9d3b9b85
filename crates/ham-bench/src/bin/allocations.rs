//! Allocations per request and per signed call: `cargo run --release -p ham-bench --bin allocations`.
//!
//! The servers run in a second process, so that only the clients' allocations are counted.

use std::alloc::System;
use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use ham::CallOptions;
use ham::holochain_client::ExternIO;
use ham_bench::{
    DEADLINE, EchoServer, Encoded, Envelopes, NoInbox, Outgoing, Skipped, StubConductor, bytes_value,
    ham_call, ham_client, runtime, upstream_call, upstream_client,
};
use ham_session::{SessionConfig, Target, dial};
use holochain_websocket::WebsocketConfig;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::time::Instant;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Enough that growth of tables and buffers vanishes.
const REQUESTS: u64 = 10_000;

/// The argument that makes this program the second process.
const SERVE: &str = "serve";

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some(SERVE) {
        let (echo, stub) = (EchoServer::start(), StubConductor::start());
        println!("{}\n{}\n{}", echo.address(), stub.admin(), stub.app());
        // The parent closes our standard input when it ends.
        std::io::stdin().read_line(&mut String::new())?;
        return Ok(());
    }
    let servers = Servers::start()?;
    let outcome = runtime().block_on(measure(&servers));
    servers.stop()?;
    outcome
}

async fn measure(servers: &Servers) -> Result<(), Box<dyn Error>> {
    let body = bytes_value(100);
    println!("{:<42} {:>12} {:>12}", "one at a time, 100 B", "allocations", "bytes");

    let target = Target::new(format!("ws://{}/", servers.echo).parse()?);
    let link = dial(&target, Arc::new(Envelopes), Arc::new(NoInbox), &SessionConfig::default()).await?;
    let mut id = 0;
    count("ham-session request", async || {
        id += 1;
        let out = Outgoing { id, body: body.clone() };
        link.request(out, Instant::now() + DEADLINE).await.expect("an answer");
    })
    .await;

    let config = Arc::new(WebsocketConfig::CLIENT_DEFAULT);
    let address: std::net::SocketAddr = servers.echo.parse()?;
    let (sender, mut receiver) = holochain_websocket::connect(config, address).await?;
    tokio::runtime::Handle::current().spawn(async move { while receiver.recv::<Encoded>().await.is_ok() {} });
    count("holochain_websocket request", async || {
        let _: Skipped = sender.request(Encoded(body.clone())).await.expect("an answer");
    })
    .await;

    let payload = ExternIO::encode("a".repeat(100))?;
    let stub = StubConductor::at(servers.admin.parse()?, servers.app.parse()?);
    let ham = ham_client(&stub).await;
    count("ham call_zome", async || ham_call(&ham, payload.clone(), CallOptions::default()).await).await;
    let upstream = upstream_client(&stub).await;
    count("holochain_client call_zome", async || upstream_call(&upstream, payload.clone()).await).await;
    Ok(())
}

/// Prints what one request allocates on average, reallocations included.
async fn count(name: &str, mut request: impl AsyncFnMut()) {
    for _ in 0..REQUESTS / 10 {
        request().await;
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..REQUESTS {
        request().await;
    }
    let change = region.change();
    let allocations = (change.allocations + change.reallocations) as u64;
    println!(
        "{name:<42} {:>10}.{} {:>12}",
        allocations / REQUESTS,
        allocations % REQUESTS * 10 / REQUESTS,
        change.bytes_allocated as u64 / REQUESTS
    );
}

/// The second process.
struct Servers {
    process: Child,
    echo: String,
    admin: String,
    app: String,
}

impl Servers {
    fn start() -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let mut line = || lines.next().ok_or("the servers ended")?.map_err(Box::<dyn Error>::from);
        Ok(Self { echo: line()?, admin: line()?, app: line()?, process })
    }

    /// Closes its standard input and waits for its end.
    fn stop(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.process.stdin.take());
        self.process.wait()?;
        Ok(())
    }
}
