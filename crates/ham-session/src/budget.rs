//! The time available to a dial or an accept.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::clock::after;
use crate::config::SessionConfig;
use crate::error::{AcceptError, DialError, DialPhase};

/// The time available to one dial, or one accept, for all its steps.
pub(crate) struct Budget {
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
}

/// The time is up.
pub(crate) struct Late {
    /// What was under way.
    pub(crate) phase: DialPhase,
    /// How long all steps took until then.
    pub(crate) after: Duration,
}

impl Budget {
    pub(crate) fn new(config: &SessionConfig) -> Self {
        let started = Instant::now();
        Self { started, deadline: after(started, config.connect_timeout) }
    }

    pub(crate) async fn spend<T>(&self, phase: DialPhase, step: impl Future<Output = T>) -> Result<T, Late> {
        timeout_at(self.deadline, step).await.map_err(|_| self.exhausted(phase))
    }

    pub(crate) fn exhausted(&self, phase: DialPhase) -> Late {
        Late { phase, after: Instant::now().saturating_duration_since(self.started) }
    }
}

impl From<Late> for DialError {
    fn from(Late { phase, after }: Late) -> Self {
        Self::TimedOut { phase, after }
    }
}

impl From<Late> for AcceptError {
    fn from(Late { phase, after }: Late) -> Self {
        Self::TimedOut { phase, after }
    }
}
