//! What a service remembers about its calls, and which part of that survives a crash.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ham::SignedCall;
use serde::Deserialize;

use crate::event::{Call, Happened, Nonce, Outcome};
use crate::model::Input;
use crate::time::pause;
use crate::world::World;

/// A call that can be sent again or fenced.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) call: Call,
    pub(crate) nonce: Nonce,
    pub(crate) signed: SignedCall,
}

/// The calls of a service.
#[derive(Default)]
pub(crate) struct Desk {
    kept: Mutex<Vec<Kept>>,
    /// The newest record of each call.
    journal: Mutex<BTreeMap<Nonce, Vec<u8>>>,
}

/// What a journalled call shows about itself.
#[derive(Deserialize)]
struct Shown {
    nonce: serde_bytes::ByteBuf,
    bytes: serde_bytes::ByteBuf,
}

#[derive(Deserialize)]
struct Payload {
    payload: serde_bytes::ByteBuf,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn journal(&self) -> MutexGuard<'_, BTreeMap<Nonce, Vec<u8>>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a call, and returns its nonce.
    pub(crate) fn keep(&self, world: &World, signed: SignedCall) -> Option<Kept> {
        let (call, nonce) = shown(world, &signed)?;
        let kept = Kept { call, nonce, signed };
        self.lock().push(kept.clone());
        Some(kept)
    }

    /// Writes a call down as it is now. A crash on the way leaves what was written before.
    pub(crate) async fn write_down(&self, kept: &Kept) {
        let Ok(record) = rmp_serde::to_vec_named(&kept.signed) else { return };
        pause(WRITE).await;
        self.journal().insert(kept.nonce, record);
    }

    /// One of the calls that are kept.
    pub(crate) fn choose(&self, choice: u64) -> Option<Kept> {
        let kept = self.lock();
        let count = kept.len();
        (count > 0).then(|| kept[choice as usize % count].clone())
    }

    /// All of them, each nonce once.
    pub(crate) fn all(&self) -> Vec<Kept> {
        let mut all = self.lock().clone();
        all.sort_by_key(|kept| kept.nonce);
        all.dedup_by_key(|kept| kept.nonce);
        all
    }

    /// The process crashed: what was in memory is gone, and what the journal holds is read again.
    pub(crate) fn crash(&self, world: &World) {
        self.lock().clear();
        for record in self.journal().values() {
            if let Ok(signed) = rmp_serde::from_slice::<SignedCall>(record) {
                self.keep(world, signed);
            }
        }
    }

    /// The hook of a process.
    pub(crate) fn hook(
        desk: &Arc<Self>,
        world: &Arc<World>,
    ) -> impl Fn(&ham::UnknownCall) + Send + Sync + 'static + use<> {
        let (desk, world) = (Arc::clone(desk), Arc::clone(world));
        move |unknown| {
            let outcome = Outcome::from(unknown.outcome);
            if let Some(kept) = desk.keep(&world, unknown.call.clone()) {
                world.note(Happened::Hook { call: kept.call, nonce: kept.nonce, outcome });
            }
        }
    }
}

/// How long it takes to write a record durably.
const WRITE: Duration = Duration::from_millis(2);

fn shown(world: &World, signed: &SignedCall) -> Option<(Call, Nonce)> {
    let record = rmp_serde::to_vec_named(signed).ok()?;
    let shown: Shown = rmp_serde::from_slice(&record).ok()?;
    let nonce: [u8; 32] = shown.nonce.as_slice().try_into().ok()?;
    let payload: Payload = rmp_serde::from_slice(&shown.bytes).ok()?;
    let input: Input = rmp_serde::from_slice(&payload.payload).ok()?;
    Some((input.call, world.nonce(&nonce)))
}
