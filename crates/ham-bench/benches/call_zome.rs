//! Signed zome calls on a conductor that answers at once, beside `holochain_client` with a client signer, in one run: declared
//! read-only, so that they go out side by side as upstream's do, and undeclared, one at a time in the cell's lane.

use criterion::{BenchmarkId, Criterion, Throughput};
use ham::CallOptions;
use ham::holochain_client::ExternIO;
use ham_bench::{
    StubConductor, batch, configured, ham_call, ham_client, in_tasks, runtime, upstream_call, upstream_client,
};

/// Calls in flight. A conductor stops reading a socket at 128, so more is not measured.
const IN_FLIGHT: [usize; 3] = [1, 16, 64];

fn calls(criterion: &mut Criterion) {
    let stub = StubConductor::start();
    let runtime = runtime();
    let payload = ExternIO::encode("a".repeat(100)).expect("a text");
    let ham = runtime.block_on(ham_client(&stub));
    let upstream = runtime.block_on(upstream_client(&stub));
    let mut group = criterion.benchmark_group("call_zome");
    for in_flight in IN_FLIGHT {
        let batch = batch(in_flight, 100);
        group.throughput(Throughput::Elements(batch));
        group.bench_function(BenchmarkId::new("holochain_client", in_flight), |bencher| {
            bencher.iter_custom(|iterations| {
                let (upstream, payload) = (upstream.clone(), payload.clone());
                runtime.block_on(in_tasks(in_flight, iterations * batch, move || {
                    let (upstream, payload) = (upstream.clone(), payload.clone());
                    async move { upstream_call(&upstream, payload).await }
                }))
            });
        });
        for (name, options) in
            [("ham", CallOptions::default().with_read_only()), ("ham-in-a-lane", CallOptions::default())]
        {
            group.bench_function(BenchmarkId::new(name, in_flight), |bencher| {
                bencher.iter_custom(|iterations| {
                    let (ham, payload) = (ham.clone(), payload.clone());
                    runtime.block_on(in_tasks(in_flight, iterations * batch, move || {
                        let (ham, payload) = (ham.clone(), payload.clone());
                        async move { ham_call(&ham, payload, options).await }
                    }))
                });
            });
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = configured();
    calls(&mut criterion);
    criterion.final_summary();
}
