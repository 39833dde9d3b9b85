//! How soon a link notices that its peer is gone: `cargo run --release -p ham-bench --bin notice [closes]`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use ham_bench::{Envelopes, Farewell, NoInbox, Quantiles, Sentinel, runtime};
use ham_persistent::Connection as _;
use ham_session::{Link, SessionConfig, Target, dial};
use tokio::time::Instant;

/// How often each kind of close is measured, unless the command line says otherwise.
const CLOSES: usize = 1000;

/// A silent peer costs a real wait, so there are fewer.
const SILENCES: usize = 50;

const PING_INTERVAL: Duration = Duration::from_millis(50);
const PING_TIMEOUT: Duration = Duration::from_millis(50);

fn main() -> Result<(), Box<dyn Error>> {
    let closes = match std::env::args().nth(1) {
        Some(number) => number.parse()?,
        None => CLOSES,
    };
    runtime().block_on(async {
        let sentinel = Sentinel::start();
        println!("{:<12} {:>6} {:>10} {:>10} {:>10} {:>10}", "close", "count", "p50", "p90", "p99", "max");
        for farewell in [Farewell::Fin, Farewell::CloseFrame, Farewell::Reset, Farewell::Silence] {
            let count = if farewell == Farewell::Silence { closes.min(SILENCES) } else { closes };
            let mut noticed = Vec::with_capacity(count);
            for _ in 0..count {
                let link = connect(&sentinel).await?;
                let left = sentinel.leave(farewell).await;
                link.closed().await;
                noticed.push(Instant::now().saturating_duration_since(left));
            }
            println!("{:<12} {count:>6} {}", format!("{farewell:?}"), Quantiles::of(noticed));
        }
        println!("silence is bounded by ping interval {PING_INTERVAL:?} + ping time-out {PING_TIMEOUT:?}");
        Ok(())
    })
}

async fn connect(sentinel: &Sentinel) -> Result<Link<Envelopes>, Box<dyn Error>> {
    let target = Target::new(format!("ws://{}/", sentinel.address()).parse()?);
    let config = SessionConfig::default().with_ping(PING_INTERVAL, PING_TIMEOUT);
    Ok(dial(&target, Arc::new(Envelopes), Arc::new(NoInbox), &config).await?)
}
