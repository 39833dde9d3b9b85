//! The layer of `ham` itself, against the model of a conductor.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use crate::clock::Clock;
use crate::dice::Dice;
use crate::event::Happened;
use crate::finding::Verdict;
use crate::generate::{self, OF_A_CROWD, TASKS};
use crate::history::{History, Recorder};
use crate::life::Layer;
use crate::model::Conductor;
use crate::plan::{HamLife, WorldEvent};
use crate::service::{Credentials, Desk, Keys, Process};
use crate::time::{pause, spawn, tasks};
use crate::world::World;
use crate::{drain, oracle};

/// `ham` against the model of a conductor.
#[derive(Debug)]
pub(crate) struct Ham;

impl Layer for Ham {
    const NAME: &'static str = "ham";
    const STATES: &'static [&'static str] = oracle::STATES;
    const BOUND: Duration = Duration::from_secs(4 * 3600);
    type Life = HamLife;
    type Event = Happened;

    fn generate(seed: u64) -> HamLife {
        generate::life(seed)
    }

    async fn live(life: HamLife, recorder: Recorder<Happened>) {
        let world = World::new(Dice::new(life.seed), life.swarm.clone(), recorder);
        let clock = Arc::new(Clock::new(life.skew, 0));
        let conductor = Conductor::new(world.clone(), clock, life.release, life.roles, life.clones);
        let before = tasks();
        let desk = Arc::new(Desk::default());
        let events = spawn(inject_events(conductor.clone(), life.events()));
        let credentials = Credentials::new(&world);
        let last = serve(&life, &world, &conductor, &desk, &credentials).await;
        events.abort();
        if let Some(last) = last {
            drain::drain(&life, &world, &conductor, &desk, last).await;
            let file = (life.keys == Keys::File).then(|| credentials.content());
            conductor.audit_grants(life.settings.len() - 1, file.as_deref());
        }
        // What was dropped with the last handle ends in the next few turns.
        pause(Duration::from_secs(60)).await;
        drain::count(&world, before);
    }

    fn judge(life: &HamLife, history: &History<Happened>, verdict: &mut Verdict) {
        oracle::judge(life, history, verdict);
    }
}

/// Runs every process in turn. The last one is left running.
async fn serve(
    life: &HamLife,
    world: &Arc<World>,
    conductor: &Arc<Conductor>,
    desk: &Arc<Desk>,
    credentials: &Credentials,
) -> Option<Process> {
    let count = life.settings.len() - 1;
    for (number, settings) in life.settings.iter().take(count).enumerate() {
        let started = Process::start(number as u32, world, conductor, desk, life.keys, credentials, settings);
        let Ok(mut process) = started.map_err(|error| world.broken("start", error.to_string())) else {
            return None;
        };
        for task in 0..TASKS + OF_A_CROWD {
            process.begin(task as u32, life.steps(number, task));
        }
        let crash = life.crash(number);
        let ends = crash.map(|crash| Instant::now() + crash.after);
        let finished = process.finished();
        let whole = match ends {
            Some(ends) => timeout_at(ends, finished).await.is_ok(),
            None => timeout(TASKS_WITHIN, finished).await.is_ok(),
        };
        match crash {
            Some(crash) if !whole => process.crash(crash.silent),
            _ if number + 1 == count => return Some(process),
            _ => process.close().await,
        }
    }
    None
}

/// Longer than all steps of a task can take.
const TASKS_WITHIN: Duration = Duration::from_secs(3 * 3600);

/// Lets each thing happen to the world at its time.
pub(super) async fn inject_events(conductor: Arc<Conductor>, events: Vec<(Duration, WorldEvent)>) {
    let began = Instant::now();
    for (at, event) in events {
        tokio::time::sleep_until(began + at).await;
        match event {
            WorldEvent::Kill(boot) => conductor.crash(boot),
            WorldEvent::Cut { choice, how } => conductor.cut_one(choice, how),
            WorldEvent::Disable(time) => conductor.disable_for(time),
            WorldEvent::Reinstall => conductor.reinstall(),
            WorldEvent::Revoke => conductor.revoke(),
            WorldEvent::CloseChain => conductor.close_chain(),
            WorldEvent::BackUp => conductor.back_up(),
            WorldEvent::Freeze(time) => conductor.freeze(time),
            WorldEvent::Jump(millis) => conductor.clock.jump(millis),
        }
    }
}
