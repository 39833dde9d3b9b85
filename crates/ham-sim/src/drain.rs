//! How the world heals and a life ends.

use std::sync::Arc;
use std::time::Duration;

use ham::SignalItem;
use tokio::time::timeout;

use crate::event::Happened;
use crate::model::{Conductor, ROLES, Trait};
use crate::plan::{HamLife, WorldEvent};
use crate::service::{Called, Desk, Options, Policy, Process, Task};
use crate::time::{pause, tasks};
use crate::world::World;

/// A read in the healed world is answered within the sum of these: the time-out of an admin request that got no answer, the longest
/// pause between attempts with its jitter, and a dial.
const READ_WITHIN: Duration = Duration::from_secs(60 + 33 + 10 + 20);
/// How long a fence or a send may take in the healed world.
const SETTLE_WITHIN: Duration = Duration::from_secs(90);
/// How long the last bytes of a socket may be in flight.
const GONE_WITHIN: Duration = Duration::from_secs(1);
/// After that, nothing more happens in the conductor.
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
    // Nobody can be granted the capability to call.
    let forbidden = life.has(|event| matches!(event, WorldEvent::Revoke | WorldEvent::CloseChain));
    if !forbidden && !read(&task, life).await {
        world.broken("I12", "nothing is wrong any more, and a read is not answered");
    }
    if !forbidden && !hears(&task, life).await {
        world.broken("I16", "nothing is wrong any more, and a signal is not heard");
    }
    let mut dice = world.stream("drain", 0);
    for kept in desk.all() {
        if world.has_received(kept.nonce) && !kept.signed.may_have_been_sent() {
            world.broken(
                "I10",
                format!("nonce {} was received, and its call says that it was never sent", kept.nonce),
            );
        }
        match dice.below(3) {
            0 => task.send(kept, true, SETTLE_WITHIN).await,
            1 => task.fence(kept, SETTLE_WITHIN).await,
            _ => {}
        }
    }
    last.close().await;
    let mut waited = Duration::ZERO;
    while (conductor.is_busy() && waited < STILL_WITHIN) || (conductor.sockets() > 0 && waited < GONE_WITHIN)
    {
        pause(STEP).await;
        waited += STEP;
    }
    if conductor.sockets() > 0 {
        world.broken("I18", format!("{} sockets are open after the end", conductor.sockets()));
    }
    // They were released by closing, not by dropping the last handle.
    drop(task);
    conductor.audit();
    if !world.swarm.delays_requests() && !life.has(|event| matches!(event, WorldEvent::Freeze(_))) {
        conductor.audit_interfaces();
    }
    conductor.stop();
}

/// Whether a read in the healed world is answered in one of a few attempts: a link that was lost before ends one of them.
async fn read(task: &Task, life: &HamLife) -> bool {
    let options = Options { read_only: true, ..Options::default() };
    for attempt in 0..ATTEMPTS {
        let called = Called { call: life.calls + attempt, does: Trait::Read, role: ROLES[0], size: 0 };
        if task.call(called, Policy::Repeat(8), READ_WITHIN, options).await {
            return true;
        }
        pause(Duration::from_secs(1)).await;
    }
    false
}

/// Whether a signal in the healed world is heard in one of a few attempts.
async fn hears(task: &Task, life: &HamLife) -> bool {
    for attempt in ATTEMPTS..2 * ATTEMPTS {
        let called = Called { call: life.calls + attempt, does: Trait::Emit, role: ROLES[0], size: 0 };
        let mut signals = task.ham.signals();
        let emitted = task.call(called, Policy::Resume, READ_WITHIN, Options::default()).await;
        let heard = async { while !matches!(signals.next().await, Some(SignalItem::Signal(_)) | None) {} };
        if emitted && timeout(HEARD_WITHIN, heard).await.is_ok() {
            return true;
        }
        pause(Duration::from_secs(1)).await;
    }
    false
}

/// How long a signal may be in flight.
const HEARD_WITHIN: Duration = Duration::from_secs(2);
/// A link that was dialled before the world healed, admin link or app link, can end under any of these.
const ATTEMPTS: u32 = 4;

/// How often to check whether everything is still.
const STEP: Duration = Duration::from_millis(500);

/// Reports if more tasks are left than there were before.
pub(crate) fn count(world: &World, before: usize) {
    let after = tasks();
    if after > before {
        world.broken("I18", format!("{} tasks are left", after - before));
    }
}
