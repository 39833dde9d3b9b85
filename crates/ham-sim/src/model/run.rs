//! A function's run and its commit: the steps of a call from the ninth on.

use std::sync::Arc;

use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{AppSignal, ExternIO, ZomeName};
use serde::Serialize;
use serde_bytes::ByteBuf;

use super::conductor::Conductor;
use super::texts::{self, Refused};
use super::visit::Visit;
use super::wire;
use super::zome::{Input, Output, Trait, ZOME};
use crate::event::{Cause, Happened};
use crate::time::pause;
use crate::world::Count;

pub(super) async fn run(
    mut visit: Visit<'_>,
    id: &CellId,
    input: Input,
    nonce: [u8; 32],
) -> Result<Vec<u8>, Refused> {
    let conductor = visit.conductor;
    let world = Arc::clone(&conductor.world);
    // The head from which the call starts.
    let (cell, head) = head(conductor, id)?;
    let store = conductor.lock().store.number;
    world.note(Happened::RunBegan { call: input.call, nonce: visit.nonce, store });
    visit.step().await;
    if input.does == Trait::SlowWrite {
        let longest = if world.swarm.calm { 2_000 } else { 20_000 };
        pause(visit.dice.millis(200, longest)).await;
    }
    // 10: guest errors; what nested calls wrote stays (`api_cell.rs:217`).
    if input.does == Trait::Nested {
        nest(&visit, cell);
        return Err(texts::guest(
            "Wasm(WasmError { file: \"sim\", line: 1, error: Guest(\"after the others\") })",
        ));
    }
    if input.does == Trait::Fail {
        return Err(texts::guest("Wasm(WasmError { file: \"sim\", line: 2, error: Guest(\"on purpose\") })"));
    }
    visit.step().await;
    let writes = matches!(input.does, Trait::Write | Trait::SlowWrite | Trait::Emit);
    if writes {
        // 11: `call_zome_workflow.rs`.
        if world.strikes(world.swarm.invalid, &mut visit.dice) {
            return Err(texts::invalid_commit());
        }
        if world.strikes(world.swarm.head_moved, &mut visit.dice) && self::head(conductor, id)?.1 != head {
            return Err(texts::head_moved());
        }
        commit(&visit, id)?;
        // 12: the same.
        visit.step().await;
        if world.strikes(world.swarm.unknown_text, &mut visit.dice) {
            return Err(texts::after_the_write());
        }
        if input.does == Trait::Emit {
            emit(conductor, id, &input);
        }
    } else if world.strikes(world.swarm.unknown_text, &mut visit.dice) {
        return Err(texts::in_no_table());
    }
    visit.step().await;
    let output = Output { nonce: ByteBuf::from(nonce), padding: ByteBuf::from(vec![7; input.size as usize]) };
    Ok(wire::body(&output))
}

fn head(conductor: &Conductor, id: &CellId) -> Result<(u32, usize), Refused> {
    let mut state = conductor.lock();
    let cell = state.store.cell(id).ok_or_else(texts::cell_gone)?;
    Ok((cell.number, cell.chain.len()))
}

/// The call's own write.
fn commit(visit: &Visit<'_>, id: &CellId) -> Result<(), Refused> {
    let cause = Cause::Write(visit.nonce);
    let mut state = visit.conductor.lock();
    let store = state.store.number;
    let cell = state.store.cell(id).ok_or_else(texts::cell_gone)?;
    if cell.is_closed() {
        return Err(texts::invalid_commit());
    }
    cell.push(cause);
    let cell = cell.number;
    drop(state);
    visit.conductor.world.note(Happened::Committed { cell, cause, store });
    Ok(())
}

/// Another cell commits, and so does this one, called back by the other.
fn nest(visit: &Visit<'_>, own: u32) {
    let cause = Cause::Nested(visit.nonce);
    let mut state = visit.conductor.lock();
    let store = state.store.number;
    let other = state.store.cells.iter().map(|cell| cell.number).find(|number| *number != own);
    let wrote: Vec<u32> = other.into_iter().chain([own]).collect();
    for cell in state.store.cells.iter_mut().filter(|cell| wrote.contains(&cell.number)) {
        cell.push(cause);
    }
    drop(state);
    for cell in wrote {
        visit.conductor.world.note(Happened::Committed { cell, cause, store });
    }
}

/// A signal as written: a copy of upstream's shape.
#[derive(Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
enum Signal {
    App { cell_id: CellId, zome_name: ZomeName, signal: AppSignal },
}

fn emit(conductor: &Conductor, id: &CellId, input: &Input) {
    let sequence = conductor.world.next(Count::Signals);
    let Ok(encoded) = ExternIO::encode((sequence, ByteBuf::from(vec![9; input.size as usize]))) else {
        return;
    };
    let signal =
        Signal::App { cell_id: id.clone(), zome_name: ZomeName::from(ZOME), signal: AppSignal::new(encoded) };
    conductor.emit(&wire::signal(&wire::body(&signal)));
}
