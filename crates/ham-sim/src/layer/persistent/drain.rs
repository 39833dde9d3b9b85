//! A life from its start to its audit.

use std::time::Duration;

use ham_persistent::{Persistent, Randomness};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::actors::{answer, callback, step, subscribe, wait, watcher};
use super::connector::SimConnector;
use super::event::{Answer, Call, Caller, CloseCause, Happened, Wait};
use super::life::{Ending, PersistentLife};
use super::script::Script;
use super::stage::Stage;
use crate::history::Recorder;
use crate::time::{pause, spawn, tasks, yields};

/// Lives a life: its steps, the drain, the end of the connection, the audit.
pub(super) async fn live(life: PersistentLife, recorder: Recorder<Happened>) {
    let stage = Stage::new(Script::new(life, recorder));
    if let Some(persistent) = start(&stage).await {
        let finished = persistent.close_finished();
        let noting = stage.clone();
        let finished = spawn(async move {
            finished.await;
            noting.script.note(Happened::Finished);
        });
        let watching = spawn(watcher(stage.clone(), persistent.state()));
        let mut readers: Vec<JoinHandle<()>> = stage
            .script
            .life
            .world
            .subscribers
            .iter()
            .map(|reads| subscribe(&stage, &persistent, *reads))
            .collect();
        stage.open(persistent);
        readers.extend(steps(&stage).await);
        drain(&stage).await;
        end(&stage).await;
        for task in readers.into_iter().chain([finished, watching]) {
            // The audit reports what does not end.
            let _ = timeout(LONG, task).await;
        }
    }
    settle().await;
    stage.script.note(Happened::Left { tasks: tasks() });
}

async fn start(stage: &Stage) -> Option<Persistent<SimConnector>> {
    let world = &stage.script.life.world;
    let called = stage.clone();
    let builder = Persistent::builder("peer", stage.connector())
        .config(world.config())
        .randomness(Randomness::Seed(world.jitter_seed))
        .on_event(move |event| callback(&called, &event));
    let Some(patience) = world.connected_first else { return Some(builder.spawn()) };
    let waiter = stage.script.number();
    stage.script.note(Happened::Waits { waiter, call: Wait::Spawned });
    match timeout(patience, builder.spawn_connected()).await {
        Ok(Ok(persistent)) => {
            stage.script.note(Happened::Told { waiter, what: Answer::Done });
            Some(persistent)
        }
        Ok(Err(error)) => {
            stage.script.note(Happened::LastHandleDropped);
            stage.script.note(Happened::Told { waiter, what: answer(Err(error)) });
            None
        }
        Err(_) => {
            // Its only handle was dropped with it.
            stage.script.note(Happened::LastHandleDropped);
            stage.script.note(Happened::Told { waiter, what: Answer::GaveUp });
            None
        }
    }
}

/// Takes all steps; resolves when the last step whose moment came has been taken.
async fn steps(stage: &Stage) -> Vec<JoinHandle<()>> {
    let tasks: Vec<_> =
        stage.script.life.steps.iter().map(|one| spawn(step(stage.clone(), one.what))).collect();
    pause(stage.script.life.world.length).await;
    stage.script.call_off();
    let mut readers = Vec::new();
    for task in tasks {
        // Called off again and again: a step that is taken late may wait for something later still.
        while !task.is_finished() {
            stage.script.call_off();
            pause(Duration::from_secs(1)).await;
        }
        readers.extend(task.await.ok().flatten());
    }
    readers
}

/// No more faults: every connection that is not closed gets a link.
async fn drain(stage: &Stage) {
    stage.script.heal();
    let world = &stage.script.life.world;
    let patience = world.longest_pause().saturating_add(SLACK);
    if patience < FOR_EVER {
        wait(stage, 0, patience, Wait::Connected, |handle| async move {
            match handle.connected().await {
                Ok(link) => Answer::Link(link.number),
                Err(closed) => Answer::Closed(CloseCause::of(&closed.cause)),
            }
        })
        .await;
    }
}

async fn end(stage: &Stage) {
    match stage.script.life.world.ending {
        Ending::Close => stage.engine.call(Caller::Drain, Call::Close),
        Ending::DropAll => {}
        Ending::AfterLink => {
            stage.engine.call(Caller::Drain, Call::CloseAfterLink);
            settle().await;
            if let Some(link) = stage.links.last() {
                link.lose();
            }
        }
    }
    pause(CLOSES_IN).await;
    for which in 0..HANDLES {
        stage.drop_one(which);
    }
}

/// Lets everything that is ready run to its end.
async fn settle() {
    yields(16).await;
    pause(CLOSES_IN).await;
}

/// The most that a dial, an address and callbacks take together.
const SLACK: Duration = Duration::from_secs(120);
/// Longer than closing takes.
const CLOSES_IN: Duration = Duration::from_secs(10);
/// A pause of this length does not end within a life.
const FOR_EVER: Duration = Duration::from_secs(600);
/// Longer than the slowest subscriber takes.
const LONG: Duration = Duration::from_secs(900);
/// More handles than a life has steps.
const HANDLES: usize = 32;
