//! Kills at random moments: the gateway, the conductor, both.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{Instant, timeout_at};

use crate::gateway::Gateway;
use crate::job::{Ask, Job, Say, Way};
use crate::stage::{ROLES, Stage};

/// Calls between two kills.
const CALLS: usize = 16;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

fn job(rng: &mut StdRng, id: String) -> Job {
    let way = *[Way::Keyed, Way::Keyed, Way::Background, Way::Background, Way::Direct].choose(rng).unwrap();
    // Some wait for less than a call takes, so that they are fenced.
    let within_ms = if rng.random_bool(0.2) { rng.random_range(5..200) } else { 120_000 };
    let millis = rng.random_bool(0.2).then(|| rng.random_range(1..200));
    Job { id, way, role: (*ROLES.choose(rng).unwrap()).into(), millis, within_ms }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_kills_of_gateway_conductor_and_both() {
    let (kills, seed) = (number("HAM_GATEWAY_KILLS").unwrap_or(50), number("HAM_CHAOS_SEED").unwrap_or(14));
    eprintln!("seed {seed}, {kills} kills");
    let began = Instant::now();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut stage = Stage::set().await;
    stage.setup.linger_ms = 200;
    stage.setup.answer_within_ms = 400;
    let mut gateway = Gateway::start(&stage.setup, None).await;
    let mut killed = [0_u32; 3];
    for kill in 0..kills {
        let jobs: Vec<_> = (0..CALLS).map(|nth| job(&mut rng, format!("{kill}-{nth}"))).collect();
        stage.make(&mut gateway, &jobs).await;
        // A moment that is part of the scenario, while they are under way.
        let moment = Instant::now() + Duration::from_micros(rng.random_range(0..300_000));
        let never = |_: &Say| false;
        let died = timeout_at(moment, gateway.listen(&mut stage.ledger, never)).await;
        assert!(died.is_err(), "the gateway died by itself");
        if kill % 100 == 99 {
            eprintln!("{} kills after {:?}, {} calls open", kill + 1, began.elapsed(), stage.ledger.open());
        }
        let which = rng.random_range(0..10);
        let (kills_gateway, kills_conductor) = (which < 8, which >= 6);
        killed[usize::from(kills_conductor) + usize::from(kills_gateway && kills_conductor)] += 1;
        if kills_conductor {
            stage.conductor.kill().await.unwrap();
        }
        if kills_gateway {
            gateway.kill(&mut stage.ledger).await;
            if kills_conductor {
                stage.restart_conductor().await;
            }
            gateway = Gateway::start(&stage.setup, None).await;
            // Its callers come back.
            let repeats = stage.ledger.jobs.values();
            let repeats = repeats.filter(|entry| entry.job.way != Way::Direct && entry.told.is_empty());
            let repeats: Vec<_> = repeats.map(|entry| Ask::Make(entry.job.clone())).collect();
            for repeat in repeats {
                gateway.ask(&repeat).await;
            }
        } else {
            stage.restart_conductor().await;
        }
    }
    stage.settle(&mut gateway).await;
    let figures = stage.compare().await;
    gateway.kill(&mut stage.ledger).await;
    let [gateways, conductors, both] = killed;
    eprintln!(
        "killed: gateway {gateways}, conductor {conductors}, both {both}, in {:?}; {figures:?}",
        began.elapsed()
    );
    figures.hold();
    stage.strike().await;
}
