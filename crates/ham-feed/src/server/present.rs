//! Who is present.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::goodbye::{Ending, Goodbye};

/// Who is present, by number.
#[derive(Debug, Default)]
pub(super) struct Present {
    next: u64,
    /// Whose it is, and its end.
    seats: HashMap<u64, (Arc<str>, Ending)>,
    /// How many each identity has.
    each: HashMap<Arc<str>, usize>,
    closed: bool,
}

impl Present {
    /// Admits a guest, unless nobody is admitted any more or the guest already has the maximum.
    pub(super) fn enter(&mut self, identity: &Arc<str>, most: NonZeroUsize) -> Option<(u64, Ending)> {
        let has = self.each.get(identity).copied().unwrap_or_default();
        if self.closed || has >= most.get() {
            return None;
        }
        let number = self.next;
        let ending = Ending::default();
        self.next += 1;
        self.each.insert(Arc::clone(identity), has + 1);
        self.seats.insert(number, (Arc::clone(identity), ending.clone()));
        Some((number, ending))
    }

    pub(super) fn leave(&mut self, number: u64) {
        let Some((identity, _)) = self.seats.remove(&number) else { return };
        match self.each.get_mut(&identity) {
            Some(has) if *has > 1 => *has -= 1,
            _ => drop(self.each.remove(&identity)),
        }
    }

    /// Ends what these guests have; returns how many.
    pub(super) fn end(&self, whose: impl Fn(&str) -> bool, goodbye: Goodbye) -> usize {
        let theirs = self.seats.values().filter(|(identity, _)| whose(identity));
        theirs.map(|(_, ending)| ending.say(goodbye)).count()
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
