//! How much is called, killed and cut.

use std::time::Duration;

use ham_launcher::{Install, Release};

use super::error::DemoError;

/// The default seed.
pub const DEFAULT_SEED: u64 = 1;
/// Kills of a short demonstration: about 15 s each, most of it the conductor's start and its compiler.
pub const DEFAULT_KILLS: u32 = 3;
/// Calls of a short demonstration.
pub const DEFAULT_CALLS: u32 = 1_000;
/// Cuts of a short demonstration.
pub const DEFAULT_CUTS: u32 = 0;
/// How many calls must be outstanding when the conductor is killed.
pub const DEFAULT_OUTSTANDING: usize = 8;
/// Cells that are called: one of the app's role and its clones, as many as the probe allows.
pub const CELLS: usize = 5;
/// Concurrent callers. One per cell writes, since a source chain has one writer at a time; the others make calls that fail.
pub const CALLERS: usize = 12;
/// Calls that must be made between two kills, so that callers are at work at each of them.
pub const MIN_CALLS_PER_KILL: u32 = 50;
/// Deadline of most calls: longer than a restart and the first compilation after it.
pub const CALL_DEADLINE: Duration = Duration::from_secs(120);
/// Deadline of the calls that are meant to give up while the link is down.
pub const SHORT_DEADLINE: Duration = Duration::from_millis(150);

/// What a demonstration does.
///
/// # Defaults
/// [`DEFAULT_SEED`], [`DEFAULT_KILLS`], [`DEFAULT_CALLS`], [`DEFAULT_CUTS`], [`DEFAULT_OUTSTANDING`], the default [`Release`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DemoOptions {
    /// Draws the calls; the report repeats it.
    pub seed: u64,
    /// How often the conductor is killed (SIGKILL) and restarted.
    pub kills: u32,
    /// How many calls are made under the kills, in all.
    pub calls: u32,
    /// How often the link is cut with the conductor alive; each cut is one more call.
    pub cuts: u32,
    /// How many calls must be outstanding at each kill; at most [`CALLERS`].
    pub outstanding: usize,
    /// The conductor's binary; without one, the real conductor of the release is found, or built once.
    pub install: Option<Install>,
    /// The release of the real conductor; has no effect if a binary is given.
    pub release: Release,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            seed: DEFAULT_SEED,
            kills: DEFAULT_KILLS,
            calls: DEFAULT_CALLS,
            cuts: DEFAULT_CUTS,
            outstanding: DEFAULT_OUTSTANDING,
            install: None,
            release: Release::default(),
        }
    }
}

impl DemoOptions {
    /// Draws the calls from this seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Kills so often.
    #[must_use]
    pub fn with_kills(mut self, kills: u32) -> Self {
        self.kills = kills;
        self
    }

    /// Makes this many calls under the kills.
    #[must_use]
    pub fn with_calls(mut self, calls: u32) -> Self {
        self.calls = calls;
        self
    }

    /// Cuts so often.
    #[must_use]
    pub fn with_cuts(mut self, cuts: u32) -> Self {
        self.cuts = cuts;
        self
    }

    /// Kills only while this many calls are outstanding.
    #[must_use]
    pub fn with_outstanding(mut self, outstanding: usize) -> Self {
        self.outstanding = outstanding;
        self
    }

    /// Kills the real conductor of this release.
    #[must_use]
    pub fn with_release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Kills this conductor.
    #[must_use]
    pub fn with_install(mut self, install: Install) -> Self {
        self.install = Some(install);
        self
    }

    pub(super) fn check(&self) -> Result<(), DemoError> {
        if self.outstanding > CALLERS {
            let why =
                format!("{} calls cannot be outstanding, there are {CALLERS} callers", self.outstanding);
            return Err(DemoError::Options(why));
        }
        let needed = u64::from(self.kills + 1) * u64::from(MIN_CALLS_PER_KILL);
        if self.kills > 0 && u64::from(self.calls) < needed {
            return Err(DemoError::Options(format!(
                "{} kills need at least {needed} calls, {} were given",
                self.kills, self.calls
            )));
        }
        Ok(())
    }

    /// How many calls must have ended before the kill with this number (from 0): the kills are spread evenly.
    pub(super) fn calls_before_kill(&self, number: u32) -> u32 {
        let share = u64::from(self.calls) * u64::from(number + 1) / u64::from(self.kills + 1);
        u32::try_from(share).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_constants_and_work() {
        let options = DemoOptions::default();
        assert_eq!(
            (options.seed, options.kills, options.calls),
            (DEFAULT_SEED, DEFAULT_KILLS, DEFAULT_CALLS)
        );
        assert_eq!((options.cuts, options.outstanding), (DEFAULT_CUTS, DEFAULT_OUTSTANDING));
        options.check().unwrap();
    }

    #[test]
    fn kills_are_spread_evenly_and_never_after_the_last_call() {
        let options = DemoOptions::default().with_kills(3).with_calls(400);
        assert_eq!([0, 1, 2].map(|kill| options.calls_before_kill(kill)), [100, 200, 300]);
    }

    #[test]
    fn options_that_cannot_work_are_refused() {
        assert!(DemoOptions::default().with_outstanding(CALLERS + 1).check().is_err());
        assert!(DemoOptions::default().with_kills(20).with_calls(1_049).check().is_err());
        DemoOptions::default().with_kills(0).with_calls(1).check().unwrap();
    }
}
