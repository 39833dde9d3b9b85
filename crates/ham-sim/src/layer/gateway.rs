//! The gateway's outbox over all of `ham`, against the model of a conductor, with its journal on a disk that tears.

mod desk;
mod disk;
mod generate;
mod judge;
mod life;
mod process;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use self::desk::Desk;
use self::disk::Disk;
use self::life::GatewayLife;
use self::process::Gateway;
use crate::clock::Clock;
use crate::dice::Dice;
use crate::drain;
use crate::event::Happened;
use crate::finding::Verdict;
use crate::history::{History, Recorder};
use crate::layer::ham::inject_events;
use crate::life::Layer;
use crate::model::Conductor;
use crate::service::Credentials;
use crate::time::{pause, spawn, tasks};
use crate::world::World;

/// The gateway's outbox.
#[derive(Debug)]
pub(crate) struct GatewayLayer;

impl Layer for GatewayLayer {
    const NAME: &'static str = "gateway";
    const STATES: &'static [&'static str] = judge::STATES;
    const BOUND: Duration = Duration::from_secs(48 * 3600);
    type Life = GatewayLife;
    type Event = Happened;

    fn generate(seed: u64) -> GatewayLife {
        generate::life(seed)
    }

    async fn live(life: GatewayLife, recorder: Recorder<Happened>) {
        let base = &life.base;
        let world = World::new(Dice::new(base.seed), base.swarm.clone(), recorder);
        let clock = Arc::new(Clock::new(base.skew, 0));
        let conductor = Conductor::new(world.clone(), clock, base.release, base.roles, base.clones);
        let before = tasks();
        let desk = Arc::new(Desk::default());
        let events = spawn(inject_events(conductor.clone(), base.events()));
        let credentials = Credentials::new(&world);
        serve(&life, &world, &conductor, &desk, &credentials).await;
        events.abort();
        conductor.stop();
        // What was dropped with the last handle ends in the next few turns.
        pause(Duration::from_secs(60)).await;
        drain::count(&world, before);
    }

    fn judge(life: &GatewayLife, history: &History<Happened>, verdict: &mut Verdict) {
        judge::judge(life, history, verdict);
    }
}

/// Runs every process in turn; after the last one, everything heals and is settled.
async fn serve(
    life: &GatewayLife,
    world: &Arc<World>,
    conductor: &Arc<Conductor>,
    desk: &Arc<Desk>,
    credentials: &Credentials,
) {
    let mut image = Vec::new();
    for (number, plan) in life.processes.iter().enumerate() {
        let number = number as u32;
        let mut dice = world.stream("disk", u64::from(number));
        let disk = Disk::new(std::mem::take(&mut image), plan.power, plan.outage);
        let started = Gateway::start(number, world, conductor, desk, credentials, life, disk.clone());
        let mut gateway = match started {
            Ok(gateway) => gateway,
            // The power failed while it was opening its journal.
            Err(_) if disk.is_dead() => {
                world.note(Happened::PowerCut { process: number });
                image = disk.torn(&mut dice);
                continue;
            }
            // It does not start on a disk with errors.
            Err(_) if disk.has_failed() => {
                image = disk.whole();
                continue;
            }
            Err(error) => {
                world.broken("G-open", error);
                return;
            }
        };
        gateway.begin(life.steps(number));
        let ends = plan.crash.map(|crash| Instant::now() + crash.after);
        let finished = async {
            tokio::select! {
                biased;
                () = disk.died() => false,
                () = gateway.finished() => true,
            }
        };
        let whole = match ends {
            Some(ends) => timeout_at(ends, finished).await.unwrap_or(false),
            None => timeout(FINISHED_WITHIN, finished).await.unwrap_or(false),
        };
        if whole {
            gateway.close().await;
        } else {
            gateway.crash(plan.crash.is_some_and(|crash| crash.silent)).await;
        }
        image = if disk.is_dead() {
            world.note(Happened::PowerCut { process: number });
            disk.torn(&mut dice)
        } else {
            disk.whole()
        };
        pause(plan.down).await;
    }
    world.heal();
    conductor.heal().await;
    world.note(Happened::Drain);
    let last = life.processes.len() as u32;
    let disk = Disk::new(image, usize::MAX, None);
    match Gateway::start(last, world, conductor, desk, credentials, life, disk) {
        Ok(gateway) => gateway.settle(life).await,
        Err(error) => world.broken("G-open", error),
    }
}

/// Longer than all steps of a process can take.
const FINISHED_WITHIN: Duration = Duration::from_secs(6 * 3600);
