//! Connecting to an app on a loopback conductor, beside `holochain_client`, in one run. The grant is in hand.

use std::time::Duration;

use criterion::Criterion;
use ham::{PersistentHam, PersistentHamConfig};
use ham_bench::{
    APP_ID, StubConductor, configured, ham_client, ham_config, ham_config_without_admin, in_one_task,
    runtime, upstream_client,
};
use holochain_client::AdminWebsocket;
use tokio::time::Instant;

/// How a client reaches the stub.
type Configure = fn(&StubConductor) -> PersistentHamConfig;

fn connects(criterion: &mut Criterion) {
    let stub = std::sync::Arc::new(StubConductor::start());
    let runtime = runtime();
    // The first connection of the process writes the grant.
    runtime.block_on(async { ham_client(&stub).await.close().await });
    let mut group = criterion.benchmark_group("connect");
    let configs: [(&str, Configure); 2] =
        [("ham/admin+app", ham_config), ("ham/app", ham_config_without_admin)];
    for (name, config) in configs {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|total| runtime.block_on(ham(config(&stub), total)));
        });
    }
    group.bench_function("holochain_client/admin+app", |bencher| {
        bencher.iter_custom(|total| {
            let stub = stub.clone();
            runtime.block_on(in_one_task(async move {
                for _ in 0..total {
                    let admin =
                        AdminWebsocket::connect(stub.admin(), Some("bench".into())).await.expect("an admin");
                    admin.list_app_interfaces().await.expect("interfaces");
                    admin.issue_app_auth_token(APP_ID.to_owned().into()).await.expect("a token");
                    upstream_client(&stub).await;
                }
            }))
        });
    });
    group.bench_function("holochain_client/app", |bencher| {
        bencher.iter_custom(|total| {
            let stub = stub.clone();
            runtime.block_on(in_one_task(async move {
                for _ in 0..total {
                    upstream_client(&stub).await;
                }
            }))
        });
    });
    group.finish();
}

/// Only connecting counts; closing is awaited in between.
async fn ham(config: PersistentHamConfig, total: u64) -> Duration {
    let mut spent = Duration::ZERO;
    for _ in 0..total {
        let began = Instant::now();
        let ham = PersistentHam::connect(config.clone()).await.expect("a connection");
        spent += began.elapsed();
        ham.close().await;
    }
    spent
}

fn main() {
    let mut criterion = configured();
    connects(&mut criterion);
    criterion.final_summary();
}
