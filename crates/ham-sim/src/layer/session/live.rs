//! A life from its dial to its audit.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::Connection;
use ham_session::{DialError, Link, Target, dial};
use tokio::time::timeout;
use url::Url;

use super::client::{close, step};
use super::event::{Ended, Happened};
use super::life::SessionLife;
use super::protocol::{SimInbox, SimProtocol};
use super::site::{PORT, Site};
use super::stage::Stage;
use super::world::Ending;
use crate::history::Recorder;
use crate::net::ProcessNetwork;
use crate::time::{pause, spawn, tasks, yields};

/// Lives a life: the dial, the steps, the end, the audit.
pub(super) async fn live(life: SessionLife, recorder: Recorder<Happened>) {
    let stage = Stage::new(life, recorder);
    if let Some(link) = connect(&stage).await {
        lead(&stage, link).await;
    }
    settle(&stage).await;
    stage.end_peers();
    yields(16).await;
    stage.note(Happened::Left { tasks: tasks() });
}

async fn connect(stage: &Stage) -> Option<Link<SimProtocol>> {
    let network = Arc::new(ProcessNetwork::new(0, 0, Arc::new(Site::new(stage.clone()))));
    let config = stage.life.world.config(network);
    let protocol = Arc::new(SimProtocol::new(stage.life.clone(), stage.recorder.clone()));
    let inbox = Arc::new(SimInbox::new(stage.recorder.clone()));
    let target = Target::new(Url::parse(&format!("ws://peer.test:{PORT}/")).ok()?);
    stage.note(Happened::Dials);
    // The judge reports a dial that does not end.
    let dialled = timeout(LONG, dial(&target, protocol, inbox, &config)).await;
    let failed = match &dialled {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(name(error)),
        Err(_) => Some("no end"),
    };
    stage.note(Happened::Dialled { failed });
    dialled.ok()?.ok()
}

async fn lead(stage: &Stage, link: Link<SimProtocol>) {
    let ending = stage.life.world.ending;
    // A waiter for the end holds a handle, so dropping the others would then end nothing.
    let watch = (ending != Ending::Drop).then(|| {
        let (stage, link) = (stage.clone(), link.clone());
        spawn(async move {
            let how = Ended::of(&*link.closed().await);
            stage.note(Happened::LinkEnded { how });
        })
    });
    stage.open(link);
    let mut steps: Vec<_> =
        stage.life.steps.iter().map(|(_, one)| spawn(step(stage.clone(), *one))).collect();
    pause(stage.life.world.length).await;
    if ending != Ending::Close {
        at_rest(&mut steps).await;
    }
    if ending != Ending::Drop {
        // The judge reports a close that does not end.
        let _ = timeout(LONG, close(stage)).await;
    } else {
        stage.note(Happened::HandleDropped);
    }
    stage.let_go();
    at_rest(&mut steps).await;
    for task in steps.into_iter().chain(watch) {
        task.abort();
    }
}

/// Waits for the steps, as long as they can be expected to take.
async fn at_rest(steps: &mut [tokio::task::JoinHandle<()>]) {
    let by = tokio::time::Instant::now() + LONG;
    for task in steps {
        if !task.is_finished() {
            let _ = tokio::time::timeout_at(by, task).await;
        }
    }
}

/// Lets the link end by its own time-outs.
async fn settle(stage: &Stage) {
    let numbers = stage.life.world.numbers;
    let bound = numbers.drain.saturating_add(numbers.close).saturating_add(SLACK);
    pause(bound.min(LONG)).await;
}

fn name(error: &DialError) -> &'static str {
    match error {
        DialError::NoTarget(_) => "no target",
        DialError::InvalidUrl { .. } => "invalid URL",
        DialError::Resolve { .. } => "resolve",
        DialError::Connect { .. } => "connect",
        DialError::TimedOut { .. } => "timed out",
        DialError::Tls(_) => "TLS",
        DialError::Refused { .. } => "refused",
        DialError::Upgrade(_) => "upgrade",
        DialError::Handshake(_) => "handshake",
        DialError::Ended(_) => "ended",
        DialError::Encode(_) => "encode",
        _ => "other",
    }
}

/// Longer than anything that must end takes.
const LONG: Duration = Duration::from_secs(600);
/// The time the peer takes to see the end.
const SLACK: Duration = Duration::from_millis(500);
