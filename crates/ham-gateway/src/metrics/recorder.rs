//! Where metrics are kept, and how Prometheus reads them.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use ham_persistent::{SystemWallClock, WallClock as _};
use http::header;
use metrics::gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::{Instant, sleep_until};

use super::names::{BUILD_INFO, OUTBOX_OLDEST, OUTBOX_RECORDS, STORE_BYTES};
use crate::auth::{Caller, Scope};
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::outbox::{OpenCalls, Outbox};
use crate::problem::Problem;

/// One per process, because metrics are counted per process.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to record, before there is anything to record. `None` if the program already records elsewhere.
pub(crate) fn install() -> Option<&'static PrometheusHandle> {
    let install = || {
        let seconds = Matcher::Suffix("_seconds".to_owned());
        let recorder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS).ok()?;
        let handle = recorder.install_recorder().ok()?;
        gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Some(handle)
    };
    RECORDER.get_or_init(install).as_ref()
}

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/metrics", get(shown))
}

async fn shown(State(gateway): State<Arc<Gateway>>, caller: Caller) -> Result<Response, Problem> {
    caller.with(Scope::Metrics)?;
    if let Some(outbox) = &gateway.outbox {
        held(outbox);
    }
    let recorder = install()
        .ok_or_else(|| Problem::new(Kind::NotFound, "this program records its metrics elsewhere"))?;
    Ok(([(header::CONTENT_TYPE, PROMETHEUS)], recorder.render()).into_response())
}

/// The current state of the outbox.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of at most some hundred thousand, and bytes of a gigabyte"
)]
fn held(outbox: &Outbox) {
    let (held, open) = (outbox.meter().held(), outbox.open_calls());
    let OpenCalls { queued, signed, fencing, settling, .. } = open;
    let settled = held.records.saturating_sub((queued + signed + fencing + settling) as u64);
    let states = [("queued", queued), ("signed", signed), ("fencing", fencing), ("settling", settling)];
    for (state, count) in states {
        gauge!(OUTBOX_RECORDS, "state" => state).set(count as f64);
    }
    gauge!(OUTBOX_RECORDS, "state" => "settled").set(settled as f64);
    gauge!(OUTBOX_OLDEST).set(open.oldest.map_or(0.0, seconds_since));
    gauge!(STORE_BYTES).set(held.bytes as f64);
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of an age")]
fn seconds_since(at: i64) -> f64 {
    let now = SystemWallClock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now.as_millis() as f64 - at as f64).max(0.0) / 1_000.0
}

/// Aggregates what was recorded, again and again, so that it takes no more room if nobody reads it.
pub(crate) async fn upkeep() {
    let Some(recorder) = install() else { return };
    loop {
        sleep_until(Instant::now() + UPKEEP).await;
        recorder.run_upkeep();
    }
}

const UPKEEP: Duration = Duration::from_secs(5);
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// From a read on this machine to the longest wait.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0];
