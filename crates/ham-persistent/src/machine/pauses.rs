//! When the next attempt may start.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::{Dice, Exponential, Randomness, ResetRule};
use crate::clock::later;
use crate::config::{Config, LEAST_MIN_PAUSE};
use crate::delay::RetryDelay;

/// When the next attempt may start. It is told what happens and when; it reads no clock.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub(super) struct Pauses {
    retry: RetryDelay,
    min_pause: Duration,
    dice: Dice,
    attempt_started: Instant,
    live_since: Instant,
    trouble: Trouble,
}

/// What has gone wrong since the last link that lasted. Outlives links that did not last.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
struct Trouble {
    since: Instant,
    /// Failed attempts, and links that did not last.
    failures: u32,
    /// The last exponential delay, before jitter.
    delay: Option<Duration>,
}

impl Trouble {
    fn new(since: Instant) -> Self {
        Self { since, failures: 0, delay: None }
    }
}

impl Pauses {
    pub(super) fn new(config: &Config, randomness: Randomness, now: Instant) -> Self {
        Self {
            retry: config.retry.clone(),
            min_pause: config.min_pause.max(LEAST_MIN_PAUSE),
            dice: Dice::new(randomness),
            attempt_started: now,
            live_since: now,
            trouble: Trouble::new(now),
        }
    }

    pub(super) fn attempt_began(&mut self, now: Instant) {
        self.attempt_started = now;
    }

    pub(super) fn link_up(&mut self, now: Instant) {
        self.live_since = now;
    }

    /// When the next attempt may start at the earliest, whoever asks for it.
    pub(super) fn soonest(&self, now: Instant) -> Instant {
        now.max(later(self.attempt_started, self.min_pause))
    }

    /// When the next attempt starts, after one that failed now.
    pub(super) fn after_failure(&mut self, now: Instant, permanent: bool) -> Instant {
        self.trouble.failures = self.trouble.failures.saturating_add(1);
        let soonest = self.soonest(now);
        let due = match self.retry.clone() {
            RetryDelay::Fixed(_) => self.fixed(self.trouble.failures),
            RetryDelay::Exponential(exponential) if permanent => {
                self.trouble.delay = Some(exponential.max);
                later(now, self.dice.jittered(exponential.max, exponential.jitter))
            }
            RetryDelay::Exponential(exponential) => self.grown(now, &exponential),
        };
        due.max(soonest)
    }

    /// When the next attempt starts, after a link that was lost now. A link that lasted ends all trouble; one that did not is one more failure.
    pub(super) fn after_loss(&mut self, now: Instant) -> Instant {
        let lasted = match self.retry.reset() {
            ResetRule::OnConnect => true,
            ResetRule::AfterStable(least) => now.duration_since(self.live_since) >= least,
        };
        if !lasted {
            return self.after_failure(now, false);
        }
        self.trouble = Trouble::new(now);
        let due = match &self.retry {
            // The attempt that made this link was the last one of its outage: its number no longer matters.
            RetryDelay::Fixed(_) => self.fixed(1),
            RetryDelay::Exponential(_) => now,
        };
        due.max(self.soonest(now))
    }

    /// From attempt start to attempt start.
    fn fixed(&mut self, failures: u32) -> Instant {
        let RetryDelay::Fixed(fixed) = &self.retry else { return self.attempt_started };
        later(self.attempt_started, self.dice.jittered(fixed.delay.after(failures), fixed.jitter))
    }

    fn grown(&mut self, now: Instant, exponential: &Exponential) -> Instant {
        let age = now.duration_since(self.trouble.since);
        let delay = exponential.next_delay(self.trouble.delay, age);
        self.trouble.delay = Some(delay);
        later(now, self.dice.jittered(delay, exponential.jitter))
    }
}
