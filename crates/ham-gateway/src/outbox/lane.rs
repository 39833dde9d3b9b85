//! Lanes: calls to one cell that nobody waits for go out one at a time, in the order in which they were accepted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::call::{Call, CallId};

/// An app and a role of it, or a clone.
type Name = (String, String);

/// All lanes. Bounded by the number of open calls.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<BTreeMap<Name, Lane>>);

/// The calls that wait for one cell, in the order of acceptance. It is the turn of the first one.
type Lane = BTreeMap<CallId, Arc<Notify>>;

/// A place in a lane, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    lanes: Arc<Lanes>,
    name: Name,
    id: CallId,
    is_first: Arc<Notify>,
}

impl Lanes {
    /// Takes a call's place in the lane of its cell.
    pub(super) fn enter(lanes: &Arc<Self>, call: &Call) -> Place {
        let (name, is_first) = ((call.app.clone(), call.role.clone()), Arc::new(Notify::new()));
        lanes.lock().entry(name.clone()).or_default().insert(call.id, Arc::clone(&is_first));
        Place { lanes: Arc::clone(lanes), name, id: call.id, is_first }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Resolves when no call precedes this place.
    ///
    /// # Cancel safety
    /// Cancel-safe: the place is kept.
    pub(super) async fn turn(&self) {
        // A notification sent before this waits is kept for it.
        while !self.has_turn() {
            self.is_first.notified().await;
        }
    }

    fn has_turn(&self) -> bool {
        let lanes = self.lanes.lock();
        lanes.get(&self.name).and_then(BTreeMap::first_key_value).is_none_or(|(first, _)| *first == self.id)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lanes = self.lanes.lock();
        let Some(lane) = lanes.get_mut(&self.name) else { return };
        lane.remove(&self.id);
        match lane.first_key_value() {
            Some((_, first)) => first.notify_one(),
            None => drop(lanes.remove(&self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::outbox::testing::call;

    #[test]
    fn a_cell_has_one_call_at_a_time_in_order_and_cells_do_not_wait_for_each_other() {
        let lanes = Arc::new(Lanes::default());
        let calls = [call("a"), call("b"), call("c")];
        let mut other = call("d");
        other.role = "main.0".into();
        let [first, second, third] = calls.each_ref().map(|call| Lanes::enter(&lanes, call));
        let other = Lanes::enter(&lanes, &other);
        let can_go = |place: &Place| place.turn().now_or_never().is_some();
        assert!(can_go(&first) && can_go(&other));
        assert!(!can_go(&second) && !can_go(&third));
        drop(second);
        assert!(can_go(&first) && !can_go(&third));
        drop(first);
        assert!(can_go(&third));
        drop((third, other));
        assert!(lanes.lock().is_empty());
    }
}
