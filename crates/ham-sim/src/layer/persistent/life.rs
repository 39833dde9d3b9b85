//! A life of the engine, as data.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use ham_persistent::{Config, Exponential, Fixed, Jitter, Patience, Permanence, PermanentPolicy, ResetRule};

use crate::life::Life;
use crate::mask::Mask;

/// What is drawn for a life. Its elements are attempts other than the ordinary one, callbacks that do something, and steps.
#[derive(Clone, Debug)]
pub(crate) struct PersistentLife {
    pub(super) whole: usize,
    pub(super) world: World,
    pub(super) attempts: Vec<Element<Attempt>>,
    pub(super) callbacks: Vec<Element<Callback>>,
    pub(super) steps: Vec<Element<Step>>,
}

/// Something that can be left out.
#[derive(Clone, Debug)]
pub(super) struct Element<T> {
    pub(super) number: usize,
    pub(super) what: T,
}

/// What cannot be left out.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) retry: Retry,
    pub(super) min_pause: Duration,
    pub(super) stop_on_permanent: bool,
    pub(super) capacity: NonZeroUsize,
    pub(super) jitter_seed: u64,
    /// Started by `spawn_connected`, whose future is dropped after this long.
    pub(super) connected_first: Option<Duration>,
    /// The subscribers from the start.
    pub(super) subscribers: Vec<Reads>,
    /// When the last step has begun and the drain begins.
    pub(super) length: Duration,
    pub(super) ending: Ending,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Retry {
    Fixed {
        delay: Duration,
        jitter: u8,
    },
    Exponential {
        initial: Duration,
        max: Duration,
        factor: f64,
        jitter: u8,
        patience: Option<Patience>,
        stable_after: Option<Duration>,
    },
}

/// How a life ends that no step closed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Close,
    DropAll,
    AfterLink,
}

/// What the `nth` attempt does; all others succeed at once, and their links stay up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) nth: u64,
    pub(super) address: Result<u8, Refusal>,
    pub(super) address_takes: Duration,
    pub(super) dial_takes: Duration,
    pub(super) yields: u64,
    pub(super) dial: Result<LinkPlan, Refusal>,
    pub(super) closes: OwnClose,
}

/// Two refusals are announced as one if they are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Refusal {
    pub(super) text: u8,
    pub(super) permanent: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LinkPlan {
    /// `None`: until someone ends it.
    pub(super) lives: Option<Duration>,
    pub(super) close_takes: Duration,
}

/// Whether the connector closes the connection it dials for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnClose {
    No,
    WhenAsked,
    WhenDialing,
    BeforeItsEnd,
}

/// What the callback of the `nth` event does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Callback {
    pub(super) nth: u64,
    pub(super) yields: u64,
    pub(super) takes: Duration,
    pub(super) then: CallbackAction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallbackAction {
    Nothing,
    Close,
    AwaitClose,
    Redial,
    CloseAfterLink,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) when: Trigger,
    pub(super) after: Duration,
    pub(super) yields: u64,
    /// Which of the existing handles to use.
    pub(super) handle: usize,
    pub(super) action: Action,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    Start,
    /// The `n`-th event is published.
    Published(u64),
    /// The connector is asked for the `n`-th address.
    Asked(u64),
    /// The `n`-th attempt is dialled.
    Dialing(u64),
    /// The `n`-th attempt has ended.
    Ended(u64),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Close,
    CloseAndWait,
    Drop,
    Clone,
    Redial,
    CloseAfterLink,
    Subscribe(Reads),
    Connected { patience: Duration },
    Outcome { patience: Duration },
    LoseLink,
}

/// How a subscriber reads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reads {
    Quickly,
    /// Pauses after each event.
    Slowly(Duration),
    /// Goes away after this many events.
    Some(u64),
}

impl World {
    pub(super) fn config(&self) -> Config {
        let policy =
            if self.stop_on_permanent { PermanentPolicy::Stop } else { PermanentPolicy::KeepTryingAtCap };
        let config = Config::default()
            .with_min_pause(self.min_pause)
            .with_on_permanent(policy)
            .with_event_capacity(self.capacity);
        match self.retry {
            Retry::Fixed { delay, jitter } => {
                config.with_retry(Fixed::every(delay).with_jitter(Jitter::percent(jitter)))
            }
            Retry::Exponential { initial, max, factor, jitter, patience, stable_after } => {
                let retry = Exponential::new(initial, max)
                    .with_factor(factor)
                    .with_jitter(Jitter::percent(jitter))
                    .with_reset(stable_after.map_or(ResetRule::OnConnect, ResetRule::AfterStable));
                config.with_retry(match patience {
                    Some(patience) => retry.with_patience(patience),
                    None => retry,
                })
            }
        }
    }

    /// The longest pause that can come before an attempt.
    pub(super) fn longest_pause(&self) -> Duration {
        let longest = match self.retry {
            Retry::Fixed { delay, .. } => delay,
            Retry::Exponential { max, .. } => max,
        };
        longest.saturating_mul(2).max(self.min_pause)
    }
}

impl Refusal {
    pub(super) fn permanence(self) -> Permanence {
        if self.permanent { Permanence::Permanent } else { Permanence::Transient }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refusal {}{}", self.text, if self.permanent { " for good" } else { "" })
    }
}

impl Life for PersistentLife {
    fn elements(&self) -> usize {
        self.whole
    }

    fn without(&self, mask: &Mask) -> Self {
        let mut life = self.clone();
        life.attempts.retain(|element| mask.keeps(element.number));
        life.callbacks.retain(|element| mask.keeps(element.number));
        life.steps.retain(|element| mask.keeps(element.number));
        life
    }

    fn plan(&self) -> Vec<String> {
        let mut lines = vec![format!("{:?}", self.world)];
        lines.extend(self.attempts.iter().map(|one| format!("{:>3}  {:?}", one.number, one.what)));
        lines.extend(self.callbacks.iter().map(|one| format!("{:>3}  {:?}", one.number, one.what)));
        lines.extend(self.steps.iter().map(|one| format!("{:>3}  {:?}", one.number, one.what)));
        lines
    }
}
