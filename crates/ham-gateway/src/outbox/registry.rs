//! The open calls, in memory: by id, and by their owners' names for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::call::{Call, CallId, Fingerprint};
use super::following::{Following, Progress, ProgressSender};
use super::machine::{Record, State};

/// The open calls. Bounded by the outbox's limits, and by the requests that wait for a call that is not written down yet.
#[derive(Debug, Default)]
pub(super) struct CallRegistry(Mutex<Open>);

#[derive(Debug)]
pub(super) struct Open {
    calls: BTreeMap<CallId, Entry>,
    keys: BTreeMap<(String, String), CallId>,
    last: CallId,
}

impl Default for Open {
    fn default() -> Self {
        Self { calls: BTreeMap::new(), keys: BTreeMap::new(), last: CallId::of_number(0) }
    }
}

#[derive(Debug)]
struct Entry {
    /// Without anything large or secret.
    call: Call,
    progress: ProgressSender,
    cancelled: CancellationToken,
}

/// How many calls are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenCalls {
    /// Not signed.
    pub queued: usize,
    /// Signed: on their way, or waiting for their answers.
    pub signed: usize,
    /// Being settled.
    pub fencing: usize,
    /// Ended, but not on disk yet.
    pub settling: usize,
    /// When the oldest one was accepted, in milliseconds since 1970.
    pub oldest: Option<i64>,
}

/// An open call that already has the key.
#[derive(Debug)]
pub(super) enum Taken {
    By(Following),
    ByAnotherRequest,
}

impl CallRegistry {
    pub(super) fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the state of a call.
    pub(super) fn note(&self, id: CallId, record: Record) {
        if let Some(entry) = self.open().calls.get_mut(&id) {
            entry.call.record = record;
        }
    }

    /// Tells the followers of a call about its progress.
    pub(super) fn tell(&self, id: CallId, progress: Progress) {
        self.open().tell(id, progress);
    }

    /// Removes a call.
    pub(super) fn remove(&self, id: CallId) {
        let mut open = self.open();
        let Some(entry) = open.calls.remove(&id) else { return };
        let Some(name) = entry.call.key.map(|key| (entry.call.api_key, key)) else { return };
        if open.keys.get(&name) == Some(&id) {
            open.keys.remove(&name);
        }
    }

    /// How many calls are open.
    pub(super) fn count(&self) -> OpenCalls {
        let open = self.open();
        let mut count = OpenCalls::default();
        for entry in open.calls.values() {
            let Call { record, accepted_at, .. } = &entry.call;
            match record.state() {
                State::Queued => count.queued += 1,
                State::Signed => count.signed += 1,
                State::Fencing => count.fencing += 1,
                State::Settled(_) => count.settling += 1,
            }
            count.oldest = Some(count.oldest.map_or(*accepted_at, |at| at.min(*accepted_at)));
        }
        count
    }
}

impl Open {
    /// The open call that a key belongs to.
    pub(super) fn taken(&self, api_key: &str, key: &str, fingerprint: Fingerprint) -> Option<Taken> {
        let id = self.keys.get(&(api_key.to_owned(), key.to_owned()))?;
        let entry = self.calls.get(id)?;
        Some(match entry.call.fingerprint == fingerprint {
            true => Taken::By(Following::new(*id, &entry.progress)),
            false => Taken::ByAnotherRequest,
        })
    }

    pub(super) fn tell(&self, id: CallId, progress: Progress) {
        if let Some(entry) = self.calls.get(&id) {
            entry.progress.tell(progress);
        }
    }

    /// An id for a new call, after all others.
    pub(super) fn next_id(&mut self, time: i64, random: u128) -> CallId {
        self.last = CallId::after(self.last, time, random);
        self.last
    }

    /// Adds a call.
    pub(super) fn insert(&mut self, call: &Call) -> (Following, CancellationToken) {
        let progress = ProgressSender::default();
        let following = Following::new(call.id, &progress);
        let cancelled = CancellationToken::new();
        let entry = Entry {
            call: Call { payload: None, signed: None, ..call.clone() },
            progress,
            cancelled: cancelled.clone(),
        };
        if let Some(key) = &call.key {
            self.keys.insert((call.api_key.clone(), key.clone()), call.id);
        }
        self.calls.insert(call.id, entry);
        self.last = self.last.max(call.id);
        (following, cancelled)
    }

    /// An open call of `owner`, or of anybody, in its current state.
    pub(super) fn get(&self, id: CallId, owner: Option<&str>) -> Option<Call> {
        self.entry(id, owner).map(|entry| entry.call.clone())
    }

    fn entry(&self, id: CallId, owner: Option<&str>) -> Option<&Entry> {
        self.calls.get(&id).filter(|entry| owner.is_none_or(|owner| owner == entry.call.api_key))
    }

    /// Follows an open call of `owner`, or of anybody.
    pub(super) fn follow(&self, id: CallId, owner: Option<&str>) -> Option<(Following, &CancellationToken)> {
        let entry = self.entry(id, owner)?;
        Some((Following::new(id, &entry.progress), &entry.cancelled))
    }
}

/// Removes a call from the registry when its worker ends, however it ends.
#[derive(Debug)]
pub(super) struct RegisteredCall {
    pub(super) registry: Arc<CallRegistry>,
    pub(super) id: CallId,
}

impl Drop for RegisteredCall {
    fn drop(&mut self) {
        self.registry.remove(self.id);
    }
}
