//! How far a subscription has come, and where it goes on.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ham_session::Ended;

use crate::since::Since;
use crate::topic::Topic;

/// How far a subscription has come, in the ids of a server that has them, so that the next link goes on from there.
#[derive(Debug)]
pub(crate) struct Resume {
    /// Whether the server is asked for ids at all.
    asks: bool,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// The newest id of each type, or of the whole chain: the documented dialect subscribes to one type per message, and each of
    /// these subscriptions goes on independently.
    ids: HashMap<Option<String>, String>,
    /// The newest gap, which is reported to every subscription of the connection.
    gap: Option<String>,
    /// How the last link ended, until it is known whether the next one goes on where it stopped.
    lost: Option<Ended>,
}

impl Resume {
    pub(crate) fn new(asks: bool) -> Self {
        Self { asks, progress: Mutex::default() }
    }

    /// Where the subscription to this type, or to the whole chain, is to begin on the next link.
    pub(crate) fn since(&self, event_type: Option<&str>) -> Since {
        if !self.asks {
            return Since::Unsaid;
        }
        self.lock().ids.get(&event_type.map(ToOwned::to_owned)).cloned().into()
    }

    /// The server says where a subscription begins: so it has ids, and reports a gap itself if something is missing since the last link.
    pub(crate) fn begun(&self, event_type: Option<String>, id: String) {
        let mut progress = self.lock();
        progress.ids.insert(event_type, id);
        progress.lost = None;
    }

    /// A message came.
    pub(crate) fn came(&self, topic: &Topic, event_type: Option<&str>, id: &str) {
        let key = if topic.event_types.is_empty() { None } else { event_type.map(ToOwned::to_owned) };
        self.lock().ids.insert(key, id.to_owned());
    }

    /// A gap came; returns whether it is new. Several subscriptions of a connection are told about the same one.
    pub(crate) fn gap_came(&self, id: Option<String>) -> bool {
        let mut progress = self.lock();
        let is_new = id.is_none() || progress.gap != id;
        progress.gap = id;
        is_new
    }

    /// The link is lost. Returns how it ended if that must be reported now: nobody knows how far the subscription had come, so it cannot go on there.
    pub(crate) fn link_lost(&self, ended: Ended) -> Option<Ended> {
        let mut progress = self.lock();
        if progress.ids.is_empty() {
            return Some(ended);
        }
        progress.lost.get_or_insert(ended);
        None
    }

    /// Something came on a link that did not say where the subscription begins, so it does not go on where the last link stopped:
    /// returns how that one ended, to be reported.
    pub(crate) fn unresumed(&self) -> Option<Ended> {
        let mut progress = self.lock();
        let lost = progress.lost.take();
        if lost.is_some() {
            *progress = Progress::default();
        }
        lost
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
