//! A zome call, from its bytes to its answer.

use std::sync::Arc;

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use holo_hash::sha2_512;
use holochain_zome_types::prelude::ZomeCallParams;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::answer::Answer;
use super::conductor::Conductor;
use super::steps::visited;
use super::texts;
use super::visit::Visit;
use super::zome::{Input, ZOME};
use crate::event::Happened;
use crate::world::{Count, World};

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
    if params.payload.0.is_empty() {
        world.broken("G6", format!("a call came without its payload, with nonce {nonce}"));
    }
    if params.zome_name.0 == ZOME || call.is_some() {
        world.note(Happened::Received { call, nonce, socket });
        if call.is_some() {
            world.receive(nonce);
        }
    }
    let dice = world.stream("visit", world.next(Count::Visits));
    let visit = Visit { conductor, dice, socket, nonce, step: 0 };
    let mut answer = match visited(visit, &params, input).await {
        Ok(output) => Answer::new("ok", &Zome { kind: "zome_called", value: ByteBuf::from(output) }),
        Err(refused) => Answer::refused(refused),
    };
    answer.nonce = Some(nonce);
    answer
}

/// Whether the signature is valid. Only a few lives check it, because it takes long.
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
