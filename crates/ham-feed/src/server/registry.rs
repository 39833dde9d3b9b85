//! The subscriptions that are open.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::goodbye::{CloseSignal, Goodbye};

/// The subscriptions that are open, by number.
#[derive(Debug, Default)]
pub(super) struct Registry {
    next: u64,
    /// Whose it is, and its end.
    subscriptions: HashMap<u64, (Arc<str>, CloseSignal)>,
    /// How many subscriptions each identity has.
    per_identity: HashMap<Arc<str>, usize>,
    closed: bool,
}

impl Registry {
    /// Admits a guest, unless nobody is admitted any more or the guest already has the maximum.
    pub(super) fn register(&mut self, identity: &Arc<str>, most: NonZeroUsize) -> Option<(u64, CloseSignal)> {
        let has = self.per_identity.get(identity).copied().unwrap_or_default();
        if self.closed || has >= most.get() {
            return None;
        }
        let number = self.next;
        let signal = CloseSignal::default();
        self.next += 1;
        self.per_identity.insert(Arc::clone(identity), has + 1);
        self.subscriptions.insert(number, (Arc::clone(identity), signal.clone()));
        Some((number, signal))
    }

    pub(super) fn unregister(&mut self, number: u64) {
        let Some((identity, _)) = self.subscriptions.remove(&number) else { return };
        match self.per_identity.get_mut(&identity) {
            Some(has) if *has > 1 => *has -= 1,
            _ => drop(self.per_identity.remove(&identity)),
        }
    }

    /// Ends what these guests have; returns how many.
    pub(super) fn end(&self, whose: impl Fn(&str) -> bool, goodbye: Goodbye) -> usize {
        let theirs = self.subscriptions.values().filter(|(identity, _)| whose(identity));
        theirs.map(|(_, signal)| signal.close(goodbye)).count()
    }

    /// Admits nobody any more, and ends what there is.
    pub(super) fn close(&mut self, goodbye: Goodbye) {
        self.closed = true;
        self.end(|_| true, goodbye);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}
