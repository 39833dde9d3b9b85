//! What it costs to call a cell one call at a time: calls a second and latencies with several callers, each calling as it likes
//! or all of them in one lane.
//!
//! `cargo run -p ham-bench --bin lanes [REPEATS]`: `holochain` of the default release where it can be had without building, and the
//! embedded conductor where `cargo build -p ham-cli` has been run (`HAM_BENCH_HAM` names another `ham`). Ways and conductors alternate.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use ham::{CallError, CallOptions, CallTarget, PersistentHam, PersistentHamConfig};
use ham_bench::runtime;
use ham_launcher::{Conductor, HappBundleSource, Install, InstallOptions, InstallSource};
use holochain_types::prelude::{ActionHash, ExternIO};
use serde_json::{Value, json};
use tokio::time::Instant;

/// How often each is measured, unless the command line says otherwise.
const REPEATS: usize = 3;
const CALLERS: [usize; 3] = [1, 4, 16];
/// Calls of one measurement, over all callers.
const CALLS: usize = 160;
/// The conductor compiles the zomes before the first call.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Echo,
    /// An item of the chain, by its hash.
    Read,
    /// Insists on the chain's head that it has seen.
    Strict,
    Relaxed,
}

/// How several callers call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// Each as it likes.
    Free,
    /// One call at a time, in the order of asking: ham's default for calls that may write.
    Lane,
}

/// The figures of one measurement.
#[derive(Clone, Copy, Debug)]
struct Figures {
    done_a_second: f64,
    median: Duration,
    worst: Duration,
    refused: usize,
}

struct Stage {
    name: &'static str,
    conductor: Conductor,
    bundle: HappBundleSource,
}

fn main() -> Result<(), Box<dyn Error>> {
    let repeats = std::env::args().nth(1).map_or(Ok(REPEATS), |repeats| repeats.parse())?;
    runtime().block_on(async {
        let named = std::env::var_os("HAM_BENCH_HAM").map(|ham| Install::embedded(PathBuf::from(ham)));
        let embedded = named.or_else(|| Install::embedded_of_this_build().ok());
        let mut stages = Vec::new();
        for install in Install::find().await?.into_iter().chain(embedded) {
            stages.push(Stage::set(install).await?);
        }
        let mut measured = BTreeMap::<_, Vec<Figures>>::new();
        for _ in 0..repeats {
            for what in [What::Echo, What::Read, What::Strict, What::Relaxed] {
                for callers in CALLERS {
                    for way in [Way::Free, Way::Lane] {
                        for (number, stage) in stages.iter().enumerate() {
                            if callers > 1 || way == Way::Free {
                                let figures = stage.measure(what, way, callers).await?;
                                measured.entry((number, what, callers, way)).or_default().push(figures);
                            }
                        }
                    }
                }
            }
        }
        println!(
            "| conductor | call | callers | way | done a second | median ms | worst ms | refused of {CALLS} |"
        );
        println!("|---|---|---|---|---|---|---|---|");
        for ((number, what, callers, way), figures) in &measured {
            let name = stages[*number].name;
            println!("| {name} | {what:?} | {callers} | {way:?} | {} |", columns(figures));
        }
        for stage in stages {
            stage.conductor.stop().await?;
        }
        Ok(())
    })
}

impl Stage {
    async fn set(install: Install) -> Result<Self, Box<dyn Error>> {
        let bundle = install.relaxed_bundle()?;
        let name = if install.source == InstallSource::Embedded { "embedded" } else { "holochain" };
        let conductor = Conductor::builder().with_install(install).start().await?;
        Ok(Self { name, conductor, bundle })
    }

    /// On a fresh app, whose cells have been called once.
    async fn measure(&self, what: What, way: Way, callers: usize) -> Result<Figures, Box<dyn Error>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let app = format!("app-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let options = InstallOptions { network_seed: Some(app.clone()), ..InstallOptions::default() };
        self.conductor.install_app(&self.bundle, &app, options).await?;
        self.conductor.enable(&app).await?;
        let config = PersistentHamConfig::local(self.conductor.admin_port(), &app)
            .with_deadline(PATIENCE)
            .with_lanes(way == Way::Lane);
        let ham = PersistentHam::connect(config).await?;
        ham.wait_until_callable("probe", PATIENCE, |_| ()).await?;
        let item: Value = json!({ "call_id": "first", "body": "to be read" });
        let written: ActionHash = ham.call_zome("probe", "probe", "create_item", item).await?;
        let call = Arc::new(Call { ham: ham.clone(), what, written });
        call.make(0).await?;
        let figures = load(&call, callers).await;
        ham.close().await;
        Ok(figures)
    }
}

/// One of the calls, made again and again.
struct Call {
    ham: PersistentHam,
    what: What,
    written: ActionHash,
}

impl Call {
    async fn make(&self, number: usize) -> Result<(), CallError> {
        let call_id = number.to_string();
        let item = json!({ "call_id": call_id, "body": "something to keep" });
        let (role, zome, function, argument) = match self.what {
            What::Echo => ("probe", "probe", "echo_text", ExternIO::encode("hello")),
            What::Read => ("probe", "probe", "get_item", ExternIO::encode(&self.written)),
            // Of a zome that has no `post_commit`, as the next.
            What::Strict => {
                ("ledger", "ledger", "post", ExternIO::encode(json!({ "call_id": call_id, "amount": 1 })))
            }
            What::Relaxed => ("probe", "bare", "bare_create", ExternIO::encode(item)),
        };
        let argument = argument.map_err(|error| CallError::Encode(error.to_string()))?;
        let target = CallTarget::from(role);
        self.ham.call_zome_raw(target, zome, function, argument, CallOptions::default()).await?;
        Ok(())
    }
}

/// Makes [`CALLS`] calls. A latency counts from the caller's asking, so waiting for the lane is part of it.
async fn load(call: &Arc<Call>, callers: usize) -> Figures {
    let left = AtomicU64::new(CALLS as u64);
    let caller = || async {
        let (mut times, mut refused) = (Vec::new(), 0);
        while let Ok(number) =
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        {
            let began = Instant::now();
            match call.make(number as usize).await {
                Ok(()) => times.push(began.elapsed()),
                Err(_) => refused += 1,
            }
        }
        (times, refused)
    };
    let began = Instant::now();
    let ended = join_all((0..callers).map(|_| caller())).await;
    let took = began.elapsed();
    let refused = ended.iter().map(|(_, refused)| refused).sum();
    let mut times: Vec<Duration> = ended.into_iter().flat_map(|(times, _)| times).collect();
    times.sort_unstable();
    Figures {
        done_a_second: times.len() as f64 / took.as_secs_f64(),
        median: times.get(times.len() / 2).copied().unwrap_or_default(),
        worst: times.last().copied().unwrap_or_default(),
        refused,
    }
}

/// Each figure's least, middle and greatest.
fn columns(figures: &[Figures]) -> String {
    let spread = |of: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        match values[..] {
            [only] => format!("{only:.1}"),
            _ => format!(
                "{:.1} ({:.1} to {:.1})",
                values[values.len() / 2],
                values[0],
                values[values.len() - 1]
            ),
        }
    };
    [
        spread(|figures| figures.done_a_second),
        spread(|figures| figures.median.as_secs_f64() * 1e3),
        spread(|figures| figures.worst.as_secs_f64() * 1e3),
        spread(|figures| figures.refused as f64),
    ]
    .join(" | ")
}
