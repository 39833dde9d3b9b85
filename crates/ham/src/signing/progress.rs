//! Which step of getting a grant is under way, for when it takes too long.

use std::sync::{Mutex, PoisonError};

use crate::admin::Admin;
use crate::error::SigningStep;

/// The step that began last. A new one starts as waiting for its turn.
pub(super) struct Progress(Mutex<SigningStep>);

impl Default for Progress {
    fn default() -> Self {
        Self(Mutex::new(SigningStep::Turn))
    }
}

impl Progress {
    pub(super) fn begin(&self, step: SigningStep) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// What is being waited for. Any step that asks the conductor may have to dial first.
    pub(super) fn step(&self, admin: Option<&Admin>) -> SigningStep {
        let step = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let asks =
            matches!(step, SigningStep::GrantLookUp | SigningStep::ClosedChainCheck | SigningStep::Grant);
        if asks && admin.is_some_and(Admin::is_dialling) { SigningStep::AdminDial } else { step }
    }
}
