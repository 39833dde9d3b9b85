//! The gateway beside `holochain_http_gateway`, before the same conductor and in one run: reads with 1, 16 and 128 clients, calls under a
//! key beside calls without one, and what a restart of the conductor under load does.
//!
//! `cargo build --release -p ham-cli && cargo run --release -p ham-bench --bin gateways [SECONDS [ROUNDS]]`: measurements of five seconds, three of each in turns,
//! on the embedded conductor and, where it can be had without building, on `holochain` of the default release. The load comes from
//! `wrk`. `HAM_HC_HTTP_GW` names the other gateway's binary; without it this one is measured alone. `HAM_BENCH_HAM` names another `ham`.

mod client;
mod gateway;
mod restart;
mod stage;
mod sync;
mod table;
mod wrk;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use ham_bench::runtime;
use ham_launcher::{Install, InstallSource};

use self::gateway::Gateway;
use self::stage::Stage;
use self::table::Row;
use self::wrk::{Asked, Wrk};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

const SECONDS: u64 = 5;
const ROUNDS: usize = 3;
const CLIENTS: [u32; 3] = [1, 16, 128];
/// Of the calls under a key.
const KEYED_CLIENTS: u32 = 16;

fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let seconds = words.next().map_or(Ok(SECONDS), |word| word.parse())?;
    let rounds = words.next().map_or(Ok(ROUNDS), |word| word.parse())?;
    runtime().block_on(async {
        let ham = match std::env::var_os("HAM_BENCH_HAM") {
            Some(ham) => Install::embedded(PathBuf::from(ham)),
            None => Install::embedded_of_this_build()?,
        };
        let other = std::env::var_os("HAM_HC_HTTP_GW").map(PathBuf::from);
        println!("load at the start: {}", load()?);
        let binary = ham.binary.clone();
        for install in [Some(ham), Install::find().await?].into_iter().flatten() {
            let name = if install.source == InstallSource::Embedded { "embedded" } else { "holochain" };
            let stage = Stage::set(install).await?;
            let wrk = Wrk { seconds, directory: stage.directory.path().to_owned() };
            reads_and_keys(name, &stage, &binary, other.as_deref(), &wrk, rounds).await?;
            stage.end().await?;
            println!("load: {}", load()?);
            restart::report(name, &binary, other.as_deref()).await?;
            println!("load: {}", load()?);
        }
        Ok(())
    })
}

/// In turns, so that what else the machine does meets both.
async fn reads_and_keys(
    name: &str,
    stage: &Stage,
    ham: &std::path::Path,
    other: Option<&std::path::Path>,
    wrk: &Wrk,
    rounds: usize,
) -> Result<(), Failure> {
    let ours = Gateway::ours(ham, stage).await?;
    let theirs = match other {
        Some(binary) => Some(Gateway::theirs(binary, stage).await?),
        None => None,
    };
    let mut rows = Vec::new();
    for clients in CLIENTS {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            own.push(wrk.run(clients, &Asked::get(ours.url(&stage.echo()))).await?);
            if let Some(theirs) = &theirs {
                others.push(wrk.run(clients, &Asked::get(theirs.url(&stage.echo()))).await?);
            }
        }
        rows.push(Row { what: format!("read, {clients} clients"), first: own, second: others });
    }
    table::print(&format!("{name}: ham gateway beside hc-http-gw"), ["ham", "hc-http-gw"], &rows);
    let (mut keyed, mut direct) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let url = ours.url(&stage.path("echo_text"));
        keyed.push(wrk.run(KEYED_CLIENTS, &Asked::post(url.clone(), &ours.key, Some(round))).await?);
        direct.push(wrk.run(KEYED_CLIENTS, &Asked::post(url, &ours.key, None)).await?);
    }
    let rows = [Row { what: format!("echo, {KEYED_CLIENTS} clients"), first: keyed, second: direct }];
    table::print(&format!("{name}: calls under a key beside calls without"), ["keyed", "direct"], &rows);
    let synced = sync::median(stage.directory.path())?;
    println!("a sync of 4 KiB, median: {:.2} ms\n", synced.as_secs_f64() * 1e3);
    Ok(())
}

/// What else the machine does.
fn load() -> Result<String, Failure> {
    Ok(std::fs::read_to_string("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// How long anything may take that is no measurement.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
