//! The embedded conductor beside the real one, in one run: start, install, calls. The real one needs its binary in the cache
//! or in `HAM_HOLOCHAIN_BIN`; without it, and when nothing is measured, only the embedded one runs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use ham::{PersistentHam, PersistentHamConfig};
use ham_bench::{configured, in_tasks, runtime};
use ham_devconductor::{Config, DevConductor};
use ham_launcher::{Conductor, Install, InstallOptions};
use holo_hash::ActionHash;
use holochain_client::AdminWebsocket;
use holochain_types::app::AppBundleSource;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::time::Instant;

/// One of both kinds.
enum Stage {
    Embedded(DevConductor),
    Real(Box<Conductor>),
}

#[derive(Clone)]
enum Kind {
    Embedded,
    Real(Install),
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Real(_) => "holochain",
        }
    }

    async fn start(&self, data: Option<&Path>) -> Stage {
        match self {
            Self::Embedded => {
                let config = Config::default();
                let config = if let Some(data) = data { config.with_data(data) } else { config };
                Stage::Embedded(DevConductor::start_with(config).await.expect("a conductor"))
            }
            Self::Real(install) => {
                let builder = Conductor::builder().with_install(install.clone());
                let builder = if let Some(data) = data { builder.with_data(data) } else { builder };
                Stage::Real(Box::new(builder.start().await.expect("a conductor")))
            }
        }
    }
}

impl Stage {
    fn port(&self) -> u16 {
        match self {
            Self::Embedded(conductor) => conductor.admin_port(),
            Self::Real(conductor) => conductor.admin_port(),
        }
    }

    async fn stop(self) {
        match self {
            Self::Embedded(conductor) => conductor.shut_down().await,
            Self::Real(conductor) => drop(conductor.stop().await.expect("an end")),
        }
    }

    async fn admin(&self) -> AdminWebsocket {
        AdminWebsocket::connect(("127.0.0.1", self.port()), Some("bench".into()))
            .await
            .expect("an admin interface")
    }

    /// Installs and enables the probe under an id of its own.
    async fn install(&self, admin: &AdminWebsocket) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = format!("app-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let options = InstallOptions { network_seed: Some(id.clone()), ..InstallOptions::default() };
        let payload = options.payload(AppBundleSource::Path(BUNDLE.into()), Some(id.clone()));
        admin.install_app(payload).await.expect("an app");
        admin.enable_app(id.clone()).await.expect("an enabled app");
        id
    }

    /// A client of an app whose cells have been called once.
    async fn client(&self) -> PersistentHam {
        let id = self.install(&self.admin().await).await;
        let config = PersistentHamConfig::local(self.port(), id).with_deadline(PATIENCE);
        let ham = PersistentHam::connect(config).await.expect("a connection");
        ham.wait_until_callable("probe", PATIENCE, |_| ()).await.expect("cells that run");
        echo(&ham).await;
        ham
    }
}

async fn echo(ham: &PersistentHam) {
    let text: String = ham.call_zome("probe", "probe", "echo_text", "hello").await.expect("an answer");
    std::hint::black_box(text);
}

/// Of a zome that has no `post_commit`.
async fn create(ham: &PersistentHam) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    post(ham, NEXT.fetch_add(1, Ordering::Relaxed).to_string()).await;
}

async fn post(ham: &PersistentHam, call_id: String) {
    let post = json!({ "call_id": call_id, "amount": 1 });
    let hash: ActionHash = ham.call_zome("ledger", "ledger", "post", post).await.expect("an action");
    std::hint::black_box(hash);
}

/// Of a zome whose `post_commit` reads the whole chain.
async fn create_and_read(ham: &PersistentHam, at: u64) {
    let item = json!({ "call_id": at.to_string(), "body": "something to keep" });
    let hash: ActionHash = ham.call_zome("probe", "probe", "create_item", item).await.expect("an action");
    std::hint::black_box(hash);
}

fn starts(criterion: &mut Criterion, runtime: &Runtime, kinds: &[Kind]) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(10);
    for kind in kinds {
        group.bench_function(BenchmarkId::new(kind.name(), "temporary"), |bencher| {
            bencher.iter_custom(|total| runtime.block_on(start(kind, None, total)));
        });
        let data = tempfile::tempdir().expect("a directory");
        runtime.block_on(async {
            let stage = kind.start(Some(data.path())).await;
            stage.client().await.close().await;
            stage.stop().await;
        });
        group.bench_function(BenchmarkId::new(kind.name(), "kept, with an app"), |bencher| {
            bencher.iter_custom(|total| runtime.block_on(start(kind, Some(data.path()), total)));
        });
    }
    group.finish();
}

/// Only starting counts.
async fn start(kind: &Kind, data: Option<&Path>, total: u64) -> Duration {
    let mut spent = Duration::ZERO;
    for _ in 0..total {
        let began = Instant::now();
        let stage = kind.start(data).await;
        spent += began.elapsed();
        stage.stop().await;
    }
    spent
}

fn installs_and_calls(criterion: &mut Criterion, runtime: &Runtime, kinds: &[Kind]) {
    let stages: Vec<(&Kind, Stage)> =
        kinds.iter().map(|kind| (kind, runtime.block_on(kind.start(None)))).collect();
    let mut group = criterion.benchmark_group("install and enable");
    group.sample_size(10);
    for (kind, stage) in &stages {
        let admin = runtime.block_on(stage.admin());
        group.bench_function(kind.name(), |bencher| {
            bencher.iter_custom(|total| {
                runtime.block_on(async {
                    let began = Instant::now();
                    for _ in 0..total {
                        stage.install(&admin).await;
                    }
                    began.elapsed()
                })
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("call");
    for (kind, stage) in &stages {
        let client = runtime.block_on(stage.client());
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new(kind.name(), "echo, 1 in flight"), |bencher| {
            bencher.iter_custom(|total| runtime.block_on(calls(&client, 1, total)));
        });
        group.throughput(Throughput::Elements(IN_FLIGHT));
        group.bench_function(BenchmarkId::new(kind.name(), "echo, 16 in flight"), |bencher| {
            bencher.iter_custom(|total| runtime.block_on(calls(&client, 16, total * IN_FLIGHT)));
        });
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new(kind.name(), "create"), |bencher| {
            bencher.iter_custom(|total| runtime.block_on(creates(&client, total)));
        });
        group.bench_function(BenchmarkId::new(kind.name(), "create, 1 MB"), |bencher| {
            bencher.iter_custom(|total| runtime.block_on(creates_of_a_megabyte(&client, total)));
        });
        group.bench_function(BenchmarkId::new(kind.name(), "create, chain read after it"), |bencher| {
            bencher.iter_custom(|total| runtime.block_on(creates_and_reads(stage, total)));
        });
        runtime.block_on(client.close());
    }
    group.finish();
    for (_, stage) in stages {
        runtime.block_on(stage.stop());
    }
}

async fn calls(client: &PersistentHam, in_flight: usize, total: u64) -> Duration {
    let client = Arc::new(client.clone());
    in_tasks(in_flight, total, move || {
        let client = Arc::clone(&client);
        async move { echo(&client).await }
    })
    .await
}

async fn creates(client: &PersistentHam, total: u64) -> Duration {
    let began = Instant::now();
    for _ in 0..total {
        create(client).await;
    }
    began.elapsed()
}

/// Of entries that differ in their beginning.
async fn creates_of_a_megabyte(client: &PersistentHam, total: u64) -> Duration {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut spent = Duration::ZERO;
    for _ in 0..total {
        let call_id = format!("{}{}", NEXT.fetch_add(1, Ordering::Relaxed), "x".repeat(1 << 20));
        let began = Instant::now();
        post(client, call_id).await;
        spent += began.elapsed();
    }
    spent
}

/// A new app takes over from one whose chain has [`CHAIN`] items. Only creating counts.
async fn creates_and_reads(stage: &Stage, total: u64) -> Duration {
    let mut spent = Duration::ZERO;
    for from in (0..total).step_by(CHAIN) {
        let client = stage.client().await;
        let began = Instant::now();
        for at in from..total.min(from + CHAIN as u64) {
            create_and_read(&client, at).await;
        }
        spent += began.elapsed();
        client.close().await;
    }
    spent
}

fn main() {
    let mut criterion = configured();
    let runtime = runtime();
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let real = if measuring { runtime.block_on(Install::find()).ok().flatten() } else { None };
    let kinds: Vec<Kind> = std::iter::once(Kind::Embedded).chain(real.map(Kind::Real)).collect();
    starts(&mut criterion, &runtime, &kinds);
    installs_and_calls(&mut criterion, &runtime, &kinds);
    criterion.final_summary();
}

const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe.happ");

const IN_FLIGHT: u64 = 16;

/// Items of the longest chain that is written to.
const CHAIN: usize = 50;

const PATIENCE: Duration = Duration::from_secs(60);
