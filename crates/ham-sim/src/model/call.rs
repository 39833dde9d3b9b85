//! A zome call, step by step, in the order of `holochain` 0.7.1.

use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use holo_hash::sha2_512;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ZomeCallParams;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use tokio::time::{Instant, timeout};

use super::answer::Answer;
use super::conductor::{Boot, Conductor};
use super::nonce::Claim;
use super::release::Release;
use super::run;
use super::store::Status;
use super::texts::{self, Refused};
use crate::dice::Stream;
use crate::event::{Call, Cause, Happened, Nonce};
use crate::time::pause;
use crate::world::{Count, World};

/// What a function does.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trait {
    Read,
    Write,
    SlowWrite,
    /// Writes, then fails.
    Fail,
    /// Calls another cell, which calls this one's write; then fails.
    Nested,
    /// Writes and emits.
    Emit,
    /// Answers much.
    Big,
    /// `init` itself.
    Init,
    NoFunction,
    NoZome,
}

/// What every function takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Input {
    pub(crate) call: Call,
    pub(crate) does: Trait,
    /// Bytes that are asked for.
    pub(crate) size: u32,
    pub(crate) padding: ByteBuf,
}

/// What every function answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Output {
    pub(crate) nonce: ByteBuf,
    pub(crate) padding: ByteBuf,
}

/// The zome that the app has.
pub(crate) const ZOME: &str = "sim";

/// [`AppRequest::CallZome`](holochain_conductor_api::AppRequest::CallZome) as it is read.
#[derive(Deserialize)]
struct Asked {
    value: Signed,
}

#[derive(Deserialize)]
struct Signed {
    bytes: ByteBuf,
    signature: ByteBuf,
}

/// How long a call waits for another one's `init` (`cell.rs:838`).
const INIT_PATIENCE: Duration = Duration::from_secs(30);
/// Entries that `init` writes.
const INIT_WRITES: usize = 2;

/// One call on its way through the steps.
pub(super) struct Visit<'a> {
    pub(super) conductor: &'a Arc<Conductor>,
    pub(super) dice: Stream,
    pub(super) socket: u32,
    pub(super) nonce: Nonce,
}

impl Visit<'_> {
    /// The way to the next step, on which anything can happen.
    pub(super) async fn step(&mut self) {
        let world = &self.conductor.world;
        if world.is_healed() {
            return;
        }
        let swarm = &world.swarm;
        if swarm.step_pause.hits(&mut self.dice) {
            pause(self.dice.skewed_millis(1_000)).await;
        }
        if swarm.step_long_pause.hits(&mut self.dice) {
            pause(self.dice.millis(1_000, 30_000)).await;
        }
        if swarm.step_cut.hits(&mut self.dice) {
            world.words("network", format!("cut under nonce {}", self.nonce));
            self.conductor.cut(self.socket);
        }
        if swarm.step_disable.hits(&mut self.dice) {
            self.conductor.disable_for(self.dice.millis(10, 5_000));
        }
        if swarm.step_kill.hits(&mut self.dice) {
            self.conductor.crash(Boot::drawn(&mut self.dice));
            // This call ends with its task.
            std::future::pending::<()>().await;
        }
    }
}

impl Boot {
    /// A restart as restarts are.
    pub(crate) fn drawn(dice: &mut Stream) -> Self {
        Self {
            down: dice.between(1, 6_000),
            starts: dice.skewed_millis(3_000).as_millis() as u64,
            silent: dice.percent(25),
            restored: dice.percent(5),
            moved: dice.percent(40),
            release: dice.percent(10).then(|| dice.pick(&Release::ALL)),
        }
    }
}

pub(super) async fn answer(conductor: &Arc<Conductor>, socket: u32, body: &[u8]) -> Answer {
    let Ok(Asked { value }) = rmp_serde::from_slice::<Asked>(body) else {
        return Answer::refused(texts::unreadable_request());
    };
    let Ok(params) = rmp_serde::from_slice::<ZomeCallParams>(&value.bytes) else {
        return Answer::refused(texts::unreadable_call());
    };
    let world = &conductor.world;
    if !is_signed(world, &params, &value) {
        return Answer::refused(texts::bad_signature());
    }
    let nonce = world.nonce(&params.nonce.into_inner());
    let input = rmp_serde::from_slice::<Input>(&params.payload.0).ok();
    let call = input.as_ref().map(|input| input.call);
    if params.zome_name.0 == ZOME || call.is_some() {
        world.note(Happened::Received { call, nonce, socket });
        if call.is_some() {
            world.receive(nonce);
        }
    }
    let dice = world.stream("visit", world.next(Count::Visits));
    let visit = Visit { conductor, dice, socket, nonce };
    let mut answer = match visited(visit, &params, input).await {
        Ok(output) => Answer::new("ok", &Zome { kind: "zome_called", value: ByteBuf::from(output) }),
        Err(refused) => Answer::refused(refused),
    };
    answer.nonce = Some(nonce);
    answer
}

/// Whether the signature fits. It is looked at in few lives: it takes long.
fn is_signed(world: &World, params: &ZomeCallParams, signed: &Signed) -> bool {
    let Ok(signature) = Signature::from_slice(&signed.signature) else { return false };
    if !world.verifies {
        return true;
    }
    let key = params.provenance.get_raw_32().try_into().ok();
    let key = key.and_then(|raw| VerifyingKey::from_bytes(raw).ok());
    let hash = sha2_512(&signed.bytes);
    key.is_some_and(|key| key.verify(&hash, &signature).is_ok())
}

#[derive(Serialize)]
struct Zome {
    #[serde(rename = "type")]
    kind: &'static str,
    value: ByteBuf,
}

async fn visited(
    mut visit: Visit<'_>,
    params: &ZomeCallParams,
    input: Option<Input>,
) -> Result<Vec<u8>, Refused> {
    let conductor = visit.conductor;
    let world = Arc::clone(&conductor.world);
    let healed = || world.is_healed();
    visit.step().await;
    // 1, 2: `conductor.rs:1067`.
    if !healed() && world.swarm.unreadable_request.hits(&mut visit.dice) {
        return Err(texts::unreadable_request());
    }
    visit.step().await;
    // 3: `conductor.rs:1981`.
    let cell = runs(conductor, &params.cell_id)?;
    visit.step().await;
    // 4: `cell.rs:762`.
    init(conductor, cell, &mut visit.dice).await?;
    // 5: `cell.rs:774`.
    let function = params.fn_name.0.as_str();
    if function == "init" {
        return Ok(rmp_serde::to_vec("Pass").unwrap_or_default());
    }
    // 6: `cell.rs:784`.
    let zome = params.zome_name.0.as_ref();
    if zome != ZOME {
        return Err(texts::no_zome(zome));
    }
    visit.step().await;
    // 7: `ribosome.rs:411`.
    if !healed() && world.swarm.locked.hits(&mut visit.dice) {
        return Err(texts::locked());
    }
    let secret = params.cap_secret.as_ref().map(|secret| secret.as_ref().to_vec());
    let unauthorized = |reason| texts::unauthorized(reason, secret.as_deref(), function, zome);
    let claimed = {
        let now = conductor.clock.micros();
        conductor.lock().store.nonces.claim(params.nonce.into_inner(), params.expires_at.as_micros(), now)
    };
    match claimed {
        Claim::Fresh { again } => {
            if again {
                world.note(Happened::Forgotten { nonce: visit.nonce });
            }
            world.note(Happened::Claimed { nonce: visit.nonce, fence: input.is_none() });
        }
        Claim::Duplicate => return Err(unauthorized("BadNonce(\"Duplicate\")")),
        Claim::Expired => return Err(unauthorized("BadNonce(\"Expired\")")),
        Claim::Future => return Err(unauthorized("BadNonce(\"Future\")")),
    }
    visit.step().await;
    // 8: `ribosome.rs:458`.
    let admitted = {
        let mut state = conductor.lock();
        state
            .store
            .cell(&params.cell_id)
            .is_some_and(|cell| cell.admits(&params.provenance, secret.as_deref()))
    };
    if !admitted {
        return Err(unauthorized("BadCapGrant"));
    }
    visit.step().await;
    // 9: `real_ribosome.rs:608`.
    let Some(input) = input.filter(|input| input.does != Trait::NoFunction) else {
        return Err(texts::no_function(zome, function));
    };
    run::run(visit, &params.cell_id, input, params.nonce.into_inner()).await
}

/// The number of a cell that runs.
pub(super) fn runs(conductor: &Conductor, id: &CellId) -> Result<u32, Refused> {
    let mut state = conductor.lock();
    let (release, starting) = (state.release, Instant::now() < state.ready_at);
    let status = state.store.status;
    let Some(cell) = state.store.cell(id).filter(|_| status != Status::Gone) else {
        return Err(texts::cell_missing(id));
    };
    match status {
        Status::Disabled => Err(texts::not_running(id, "AppDisabled(User)", release)),
        _ if starting => Err(texts::not_running(id, "NotStarted", release)),
        _ => Ok(cell.number),
    }
}

/// Runs `init` of a cell that has not run it, one call at a time. What it writes stays.
pub(super) async fn init(conductor: &Arc<Conductor>, cell: u32, dice: &mut Stream) -> Result<(), Refused> {
    let world = &conductor.world;
    let turn = {
        let mut state = conductor.lock();
        match state.store.cells.iter().find(|known| known.number == cell) {
            Some(known) if known.initialized => return Ok(()),
            _ => Arc::clone(state.inits.entry(cell).or_default()),
        }
    };
    let Ok(_turn) = timeout(INIT_PATIENCE, turn.lock()).await else { return Err(texts::init_timed_out()) };
    if !world.is_healed() {
        if world.swarm.init_slow.hits(dice) {
            pause(dice.millis(100, 40_000)).await;
        }
        if world.swarm.init_fails.hits(dice) {
            return Err(texts::init_failed());
        }
    }
    let mut state = conductor.lock();
    let store = state.store.number;
    let Some(known) = state.store.cells.iter_mut().find(|known| known.number == cell) else { return Ok(()) };
    if !known.initialized {
        known.initialized = true;
        for _ in 0..INIT_WRITES {
            known.push(Cause::Init);
        }
        drop(state);
        world.note(Happened::Committed { cell, cause: Cause::Init, store });
    }
    Ok(())
}
