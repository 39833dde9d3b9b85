//! How much is called and how often the link is lost.

use ham_launcher::{Install, Release};

use crate::demo::{DEFAULT_SEED, DemoError};

/// Calls of a soak by default.
pub const DEFAULT_SOAK_CALLS: u64 = 1_000_000;
/// Lost links of a soak by default.
pub const DEFAULT_SOAK_LOSSES: u64 = 1_000;
/// Calls under way at a time.
pub const SOAK_CALLERS: u64 = 16;
/// One call in this many writes; the others echo.
pub const WRITE_EVERY: u64 = 500;

/// What a soak does.
///
/// # Defaults
/// [`DEFAULT_SEED`], [`DEFAULT_SOAK_CALLS`], [`DEFAULT_SOAK_LOSSES`], the real conductor of the default [`Release`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SoakOptions {
    /// Only determines the ids of the writes: the order of everything else depends on the machine.
    pub seed: u64,
    /// How many calls are made.
    pub calls: u64,
    /// How often their link is lost.
    pub losses: u64,
    /// The conductor's binary; without one, the real conductor of the release is found, or built once.
    pub install: Option<Install>,
    /// The release of the real conductor; has no effect if a binary is given.
    pub release: Release,
}

impl Default for SoakOptions {
    fn default() -> Self {
        Self {
            seed: DEFAULT_SEED,
            calls: DEFAULT_SOAK_CALLS,
            losses: DEFAULT_SOAK_LOSSES,
            install: None,
            release: Release::default(),
        }
    }
}

impl SoakOptions {
    /// Makes this many calls.
    #[must_use]
    pub fn with_calls(mut self, calls: u64) -> Self {
        self.calls = calls;
        self
    }

    /// Loses the link this often.
    #[must_use]
    pub fn with_losses(mut self, losses: u64) -> Self {
        self.losses = losses;
        self
    }

    /// Derives the ids of the writes from this seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Calls the real conductor of this release.
    #[must_use]
    pub fn with_release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Calls this conductor.
    #[must_use]
    pub fn with_install(mut self, install: Install) -> Self {
        self.install = Some(install);
        self
    }

    pub(super) fn check(&self) -> Result<(), DemoError> {
        // So that calls are under way at each loss, and some end between two losses.
        let needed = (self.losses + 1).saturating_mul(4 * SOAK_CALLERS);
        if self.calls < needed {
            let (losses, calls) = (self.losses, self.calls);
            return Err(DemoError::Options(format!(
                "{losses} lost links need at least {needed} calls, {calls} were given"
            )));
        }
        Ok(())
    }

    /// How many calls must have ended before the loss with this number, from 0: they are spread evenly.
    pub(super) fn calls_before_loss(&self, number: u64) -> u64 {
        share(self.calls, number + 1, self.losses + 1)
    }
}

/// `whole · part / parts`, at most `whole`.
pub(super) fn share(whole: u64, part: u64, parts: u64) -> u64 {
    let share = u128::from(whole) * u128::from(part) / u128::from(parts.max(1));
    u64::try_from(share).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_spread_evenly_and_need_calls() {
        let options = SoakOptions::default().with_losses(3).with_calls(400);
        assert_eq!([0, 1, 2].map(|loss| options.calls_before_loss(loss)), [100, 200, 300]);
        options.check().unwrap();
        assert!(options.with_calls(200).check().is_err());
        SoakOptions::default().check().unwrap();
    }
}
