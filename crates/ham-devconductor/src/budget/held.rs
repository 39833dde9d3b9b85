//! Memory of a call that is not its guests'.

use super::{Budget, Exceeded};

/// What the conductor holds for a call beside its guests. It goes back with this.
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
    /// The call has not so much memory.
    pub(crate) fn more(&mut self, bytes: usize) -> Result<(), Exceeded> {
        if self.try_more(bytes) { Ok(()) } else { Err(self.budget.out_of_memory()) }
    }

    /// Whether the call has so much memory; where it has not, nothing ends.
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
