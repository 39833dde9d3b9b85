//! Memory that a call uses outside its guests.

use super::{Budget, Exceeded};

/// Memory that the conductor holds for a call in addition to its guests'. Dropping this gives it back.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Budget,
    bytes: u64,
}

impl Held {
    pub(crate) fn of(budget: &Budget) -> Self {
        Self { budget: budget.clone(), bytes: 0 }
    }

    /// # Errors
    /// The call does not have that much memory.
    pub(crate) fn more(&mut self, bytes: usize) -> Result<(), Exceeded> {
        if self.try_more(bytes) { Ok(()) } else { Err(self.budget.out_of_memory()) }
    }

    /// Whether the call has that much memory; if not, nothing ends.
    pub(crate) fn try_more(&mut self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        let is_held = self.budget.hold_memory(bytes);
        if is_held {
            self.bytes += bytes;
        }
        is_held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give_back_memory(self.bytes);
    }
}
