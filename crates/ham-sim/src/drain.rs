//! How a life heals and ends.

use std::sync::Arc;
use std::time::Duration;

use crate::event::Happened;
use crate::model::{Conductor, ROLES, Trait};
use crate::plan::{HamLife, WorldEvent};
use crate::service::{Called, Desk, Policy, Process};
use crate::time::{pause, tasks};
use crate::world::World;

/// A read of the healed world is answered within what an admin request that was withheld takes to time out, the longest pause
/// between attempts with its jitter, and a dial.
const READ_WITHIN: Duration = Duration::from_secs(60 + 33 + 10 + 20);
/// How long a fence or a sending of the healed world may take.
const SETTLE_WITHIN: Duration = Duration::from_secs(90);
/// After that nothing of the conductor's goes on any more.
const STILL_WITHIN: Duration = Duration::from_secs(300);

/// Everything heals; what is open is settled; everything is closed and counted.
pub(crate) async fn drain(
    life: &HamLife,
    world: &Arc<World>,
    conductor: &Arc<Conductor>,
    desk: &Arc<Desk>,
    last: Process,
) {
    world.heal();
    conductor.heal().await;
    last.heal();
    world.note(Happened::Drain);
    let task = last.task(15);
    let revoked = life.has(|event| matches!(event, WorldEvent::Revoke));
    if !revoked {
        let called = Called { call: life.calls, does: Trait::Read, role: ROLES[0], size: 0 };
        task.call(called, Policy::Resume, READ_WITHIN).await;
    }
    let mut dice = world.stream("drain", 0);
    for kept in desk.all() {
        match dice.below(3) {
            0 => task.send(kept, true, SETTLE_WITHIN).await,
            1 => task.fence(kept, SETTLE_WITHIN).await,
            _ => {}
        }
    }
    drop(task);
    last.close().await;
    let mut waited = Duration::ZERO;
    while conductor.is_busy() && waited < STILL_WITHIN {
        pause(STEP).await;
        waited += STEP;
    }
    if conductor.sockets() > 0 {
        world.broken("I18", format!("{} sockets are open after the end", conductor.sockets()));
    }
    conductor.audit();
    conductor.stop();
}

/// How often it is looked whether everything is still.
const STEP: Duration = Duration::from_millis(500);

/// Whether as many tasks are left as there were.
pub(crate) fn count(world: &World, before: usize) {
    let after = tasks();
    if after > before {
        world.broken("I18", format!("{} tasks are left", after - before));
    }
}
