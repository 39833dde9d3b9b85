//! How an answer reaches its socket, or does not.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use holochain_conductor_api::ExternalApiWireError;
use serde::Serialize;
use tokio::sync::mpsc;

use super::conductor::Conductor;
use super::texts::Refused;
use super::wire;
use crate::dice::Stream;
use crate::event::{Happened, Nonce};
use crate::time::pause;
use crate::world::Count;

/// An answer of an interface.
pub(super) struct Answer {
    /// A name for the transcript.
    pub(super) name: &'static str,
    pub(super) body: Vec<u8>,
    /// The nonce, for an answer to a zome call or a fence.
    pub(super) nonce: Option<Nonce>,
}

#[derive(Serialize)]
struct Refusal {
    #[serde(rename = "type")]
    kind: &'static str,
    value: ExternalApiWireError,
}

impl Answer {
    pub(super) fn new(name: &'static str, body: &impl Serialize) -> Self {
        Self { name, body: wire::body(body), nonce: None }
    }

    pub(super) fn refused(refused: Refused) -> Self {
        Self::new(refused.name, &Refusal { kind: "error", value: refused.error })
    }
}

/// Sends an answer late, twice, corrupted or not at all. Returns whether it was sent.
pub(super) async fn send(
    conductor: &Arc<Conductor>,
    id: u64,
    answer: Answer,
    out: &mpsc::Sender<Bytes>,
) -> bool {
    let world = &conductor.world;
    let mut dice = world.stream("answer", world.next(Count::Answers));
    let swarm = &world.swarm;
    let strikes = |rate, dice: &mut Stream| world.strikes(rate, dice);
    let mut with = answer.name;
    let mut frame = wire::response(id, Some(&answer.body));
    let mut times = 1;
    if strikes(swarm.late, &mut dice) {
        pause(dice.millis(1, 20_000)).await;
    }
    if strikes(swarm.withheld, &mut dice) {
        with = "nothing, for ever";
        times = 0;
    } else if strikes(swarm.bodiless, &mut dice) {
        with = "without a body";
        frame = wire::response(id, None);
    } else if strikes(swarm.garbled, &mut dice) {
        with = "what nobody can read";
        frame = wire::response(id, Some(&[0x91; 40]));
    } else if strikes(swarm.doubled, &mut dice) {
        times = 2;
    }
    if let Some(nonce) = answer.nonce {
        world.note(Happened::Answered { nonce, with });
    }
    for _ in 0..times {
        if out.send(frame.clone()).await.is_err() {
            break;
        }
        pause(Duration::ZERO).await;
    }
    times > 0
}
