//! Where the time of a call goes.

use std::time::Duration;

use tokio::time::Instant;

/// A part of a call's time. Phases follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for its turn.
    Queue,
    /// `init` of its cell, if it has not run yet.
    Init,
    /// Authorization, and the function itself.
    Zome,
    /// Validation of what it staged.
    Validate,
    /// Writing it.
    Write,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Queue, Self::Init, Self::Zome, Self::Validate, Self::Write];
}

/// The parts of one call so far.
#[derive(Debug)]
pub(super) struct Phases {
    took: [Duration; Phase::ALL.len()],
    now: Phase,
    since: Instant,
}

impl Phases {
    pub(super) fn begin() -> Self {
        Self { took: Default::default(), now: Phase::Queue, since: Instant::now() }
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        let now = Instant::now();
        self.took[self.now as usize] += now - self.since;
        (self.now, self.since) = (phase, now);
    }

    /// How long each took, and all of them together.
    pub(super) fn end(&mut self) -> (Vec<(Phase, Duration)>, Duration) {
        self.enter(self.now);
        let took: Vec<_> =
            Phase::ALL.into_iter().zip(self.took).filter(|(_, took)| !took.is_zero()).collect();
        let all = took.iter().map(|(_, took)| *took).sum();
        (took, all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_moment_belongs_to_one_phase() {
        let mut phases = Phases::begin();
        tokio::time::advance(Duration::from_millis(1)).await;
        phases.enter(Phase::Zome);
        tokio::time::advance(Duration::from_millis(20)).await;
        phases.enter(Phase::Write);
        tokio::time::advance(Duration::from_millis(300)).await;
        let ms = Duration::from_millis;
        let took = vec![(Phase::Queue, ms(1)), (Phase::Zome, ms(20)), (Phase::Write, ms(300))];
        assert_eq!(phases.end(), (took, ms(321)));
    }
}
