//! The steps of a zome call, in the order of `holochain` 0.7.1, each with its place in the sources.

use std::sync::Arc;
use std::time::Duration;

use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ZomeCallParams;
use tokio::time::{Instant, timeout};

use super::conductor::Conductor;
use super::nonce::Claim;
use super::run;
use super::store::Status;
use super::texts::{self, Refused};
use super::visit::Visit;
use super::zome::{Input, Trait, ZOME};
use crate::dice::Stream;
use crate::event::{Cause, Happened};
use crate::time::pause;

/// How long a call waits for another call's `init` (`cell.rs:838`).
const INIT_PATIENCE: Duration = Duration::from_secs(30);
/// Entries that `init` writes.
const INIT_WRITES: usize = 2;

/// The steps of a call, one after the other.
pub(super) async fn visited(
    mut visit: Visit<'_>,
    params: &ZomeCallParams,
    input: Option<Input>,
) -> Result<Vec<u8>, Refused> {
    let conductor = visit.conductor;
    let world = Arc::clone(&conductor.world);
    if world.strikes(world.swarm.poison, &mut world.stream("poison", u64::from(visit.nonce))) {
        conductor.cut(visit.socket);
    }
    visit.step().await;
    // 1, 2: `conductor.rs:1067`.
    if world.strikes(world.swarm.unreadable_request, &mut visit.dice) {
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
        if let Some(input) = &input {
            let store = conductor.lock().store.number;
            world.note(Happened::RunBegan { call: input.call, nonce: visit.nonce, store });
        }
        return Ok(rmp_serde::to_vec("Pass").unwrap_or_default());
    }
    // 6: `cell.rs:784`.
    let zome = params.zome_name.0.as_ref();
    if zome != ZOME {
        return Err(texts::no_zome(zome));
    }
    visit.step().await;
    // 7: `ribosome.rs:411`.
    if world.strikes(world.swarm.locked, &mut visit.dice) {
        return Err(texts::locked());
    }
    let secret = params.cap_secret.as_ref().map(|secret| secret.as_ref().to_vec());
    let unauthorized = |reason| texts::unauthorized(reason, secret.as_deref(), function, zome);
    let claimed = {
        let now = conductor.clock.micros();
        let mut state = conductor.lock();
        let only = state.release.is_0_6();
        let (nonce, expires) = (params.nonce.into_inner(), params.expires_at.as_micros());
        match state.store.nonces.claim(&params.provenance, nonce, expires, now, only) {
            // Such a release forgets by design, so nobody should send again what may have been claimed there.
            Claim::Fresh { .. } if only => Claim::Fresh { again: false },
            claim => claim,
        }
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

/// The number of the cell, if it runs.
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

/// Runs `init` for a cell that has not run it, one call at a time. What it writes stays.
pub(super) async fn init(conductor: &Arc<Conductor>, cell: u32, dice: &mut Stream) -> Result<(), Refused> {
    let world = &conductor.world;
    let turn = Arc::clone(conductor.lock().inits.entry(cell).or_default());
    let Ok(_turn) = timeout(INIT_PATIENCE, turn.lock()).await else { return Err(texts::init_timed_out()) };
    if conductor.lock().store.cells.iter().any(|known| known.number == cell && known.initialized) {
        return Ok(());
    }
    if world.strikes(world.swarm.init_slow, dice) {
        pause(dice.millis(100, 40_000)).await;
    }
    if world.strikes(world.swarm.init_fails, dice) {
        return Err(if dice.percent(50) { texts::init_trapped() } else { texts::init_failed() });
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
