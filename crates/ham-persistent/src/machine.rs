//! The rules: state and input give the next state and effects. No I/O, no clock, no task: the driver does what is asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::{Dice, Exponential, Randomness, ResetRule};
use crate::command::Command;
use crate::config::{Config, LEAST_MIN_PAUSE, PermanentPolicy, RetryDelay};
use crate::connector::Permanence;
use crate::error::{Cause, Failure};
use crate::state::State;

/// The state machine of one persistent connection.
#[derive(Debug)]
pub(crate) struct Machine<A> {
    config: Config,
    dice: Dice,
    phase: Phase<A>,
    /// Attempts started in this outage.
    attempt: u32,
    attempt_started: Instant,
    /// Whether this outage was announced; its further attempts are not.
    announced: bool,
    last_address: Option<A>,
    last_failure: Option<Arc<str>>,
    live_since: Instant,
    growth: Growth,
    close_after_link: bool,
    /// Close when the first attempt fails. Cleared by the first link.
    fail_first: bool,
}

/// How far an exponential delay has grown. Outlives a link that was not stable.
#[derive(Debug)]
struct Growth {
    previous: Option<Duration>,
    outage_since: Instant,
}

/// Where the machine is: [`State`] in finer steps, one for each thing the driver can be busy with.
#[derive(Debug)]
enum Phase<A> {
    Announcing,
    Resolving,
    AnnouncingAddress(A),
    Connecting,
    AnnouncingFailure(Pause),
    Waiting(Pause),
    /// The link is up; `Connected`'s callback runs.
    Greeting,
    /// The link is down again; `Connected`'s callback still runs.
    LostWhileGreeting(Pause),
    Live,
    AnnouncingLoss(Pause),
    Closing(Option<Announcement<A>>),
    LastWords,
}

#[derive(Debug, Clone)]
struct Pause {
    attempt: u32,
    until: Instant,
    cause: Cause,
}

/// What the driver tells the machine.
#[derive(Debug)]
pub(crate) enum Input<A> {
    Address(A),
    Announced,
    AttemptFailed(Failure),
    Command(Command),
    Dialed,
    LinkClosed,
    LinkLost(Arc<str>),
    WaitOver,
}

/// What the driver does with its result: effects at once and in order, then the next activity.
#[derive(Debug, PartialEq)]
pub(crate) struct Step<A> {
    pub(crate) effects: Vec<Effect>,
    pub(crate) next: Next<A>,
}

/// What the driver does at once.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// The link is gone.
    DropLink,
    /// Nobody gets the link any more and its end is no news, but it is still to be closed.
    RetireLink,
    /// Tell those who wait for an outcome, and the log.
    ReportFailure {
        attempt: u32,
        severity: Severity,
    },
    SetState(State),
    /// The dialled link is the current one now.
    TakeLink {
        failures: u32,
    },
}

/// How loud a failure is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Warn,
    Error,
}

/// What becomes of the driver's activity.
#[derive(Debug, PartialEq)]
pub(crate) enum Next<A> {
    End,
    Keep,
    /// Drop the one under way and start this one.
    Start(Activity<A>),
}

/// The one thing the driver is busy with. Its end is an [`Input`].
#[derive(Debug, PartialEq)]
pub(crate) enum Activity<A> {
    /// Publish it and run the callback to its end.
    Announce(Announcement<A>),
    /// Publish it and run the callback up to its first wait: after close nothing waits for a callback.
    AnnounceLast(Announcement<A>),
    CloseLink,
    Connect(A),
    ObtainAddress,
    Wait(Instant),
    WatchLink,
}

/// An event, without the connection and error only the driver knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Announcement<A> {
    AttemptingToConnect,
    ObtainedAddress(A),
    FailedToConnect,
    Connected,
    Disconnected,
}

impl<A: PartialEq + Clone> Machine<A> {
    /// The machine and its first activity; the state is `Dialing { attempt: 1 }`.
    pub(crate) fn new(config: Config, randomness: Randomness, fail_first: bool, now: Instant) -> Self {
        Self {
            dice: Dice::new(randomness),
            config,
            phase: Phase::Announcing,
            attempt: 1,
            attempt_started: now,
            announced: true,
            last_address: None,
            last_failure: None,
            live_since: now,
            growth: Growth { previous: None, outage_since: now },
            close_after_link: false,
            fail_first,
        }
    }

    pub(crate) fn first_activity() -> Activity<A> {
        Activity::Announce(Announcement::AttemptingToConnect)
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input<A>) -> Step<A> {
        if matches!(self.phase, Phase::Closing(_) | Phase::LastWords) {
            return self.closing(&input);
        }
        match input {
            Input::Address(address) => self.obtained(address),
            Input::Announced => self.announced(now),
            Input::AttemptFailed(failure) => self.attempt_failed(now, failure),
            Input::Command(Command::Close(cause)) => self.close(cause),
            Input::Command(Command::CloseAfterLink) => self.close_after_link(),
            Input::Command(Command::RedialNow) => self.redial_now(now),
            Input::Dialed => self.dialed(now),
            Input::LinkLost(text) => self.link_lost(now, text),
            Input::WaitOver => self.begin_attempt(now),
            Input::LinkClosed => Step::keep(),
        }
    }

    fn begin_attempt(&mut self, now: Instant) -> Step<A> {
        self.attempt = self.attempt.saturating_add(1);
        let dialing = Effect::SetState(State::Dialing { attempt: self.attempt });
        let step = if self.announced {
            self.resolve(now)
        } else {
            self.announced = true;
            self.last_address = None;
            self.last_failure = None;
            self.announce(Phase::Announcing, Announcement::AttemptingToConnect)
        };
        step.after([dialing])
    }

    fn resolve(&mut self, now: Instant) -> Step<A> {
        self.attempt_started = now;
        self.start(Phase::Resolving, Activity::ObtainAddress)
    }

    fn obtained(&mut self, address: A) -> Step<A> {
        if self.last_address.as_ref() == Some(&address) {
            return self.start(Phase::Connecting, Activity::Connect(address));
        }
        self.last_address = Some(address.clone());
        let announcement = Announcement::ObtainedAddress(address.clone());
        self.announce(Phase::AnnouncingAddress(address), announcement)
    }

    /// A callback has finished: the step it held up follows.
    fn announced(&mut self, now: Instant) -> Step<A> {
        match &self.phase {
            Phase::Announcing => self.resolve(now),
            Phase::AnnouncingAddress(address) => {
                let address = address.clone();
                self.start(Phase::Connecting, Activity::Connect(address))
            }
            Phase::AnnouncingFailure(pause) | Phase::AnnouncingLoss(pause) => {
                let pause = pause.clone();
                self.wait(now, pause)
            }
            Phase::Greeting => self.start(Phase::Live, Activity::WatchLink),
            Phase::LostWhileGreeting(pause) => {
                let pause = pause.clone();
                self.announce(Phase::AnnouncingLoss(pause), Announcement::Disconnected)
            }
            Phase::Resolving
            | Phase::Connecting
            | Phase::Waiting(_)
            | Phase::Live
            | Phase::Closing(_)
            | Phase::LastWords => Step::keep(),
        }
    }

    fn wait(&mut self, now: Instant, pause: Pause) -> Step<A> {
        if pause.until <= now {
            return self.begin_attempt(now);
        }
        let until = pause.until;
        self.start(Phase::Waiting(pause), Activity::Wait(until))
    }

    fn attempt_failed(&mut self, now: Instant, failure: Failure) -> Step<A> {
        let permanent = failure.permanence() == Permanence::Permanent;
        let attempt = self.attempt;
        let severity =
            if permanent || attempt >= self.config.escalate_after { Severity::Error } else { Severity::Warn };
        let report = Effect::ReportFailure { attempt, severity };
        let repeated = self.last_failure.replace(Arc::clone(failure.text())).as_ref() == Some(failure.text());
        let cause = Cause::AttemptFailed(failure);
        if self.fail_first || (permanent && self.config.on_permanent == PermanentPolicy::Stop) {
            let last_words = (!repeated).then_some(Announcement::FailedToConnect);
            return self.begin_closing(cause, last_words).after([report]);
        }
        let until = self.after_failure(now, permanent);
        let pause = Pause { attempt, until, cause };
        let effects = [report, pause.state()];
        let step = if repeated {
            self.wait(now, pause)
        } else {
            self.announce(Phase::AnnouncingFailure(pause), Announcement::FailedToConnect)
        };
        step.after(effects)
    }

    fn dialed(&mut self, now: Instant) -> Step<A> {
        let failures = self.attempt.saturating_sub(1);
        self.attempt = 0;
        self.announced = false;
        self.fail_first = false;
        self.live_since = now;
        self.announce(Phase::Greeting, Announcement::Connected)
            .after([Effect::TakeLink { failures }, Effect::SetState(State::Live { since: now })])
    }

    fn link_lost(&mut self, now: Instant, text: Arc<str>) -> Step<A> {
        let cause = Cause::LinkLost { text };
        if self.close_after_link {
            return self.begin_closing(cause, Some(Announcement::Disconnected)).after([Effect::DropLink]);
        }
        let until = self.after_loss(now);
        let pause = Pause { attempt: 0, until, cause };
        let effects = [Effect::DropLink, pause.state()];
        let step = if matches!(self.phase, Phase::Greeting) {
            self.phase = Phase::LostWhileGreeting(pause);
            Step::keep()
        } else {
            self.announce(Phase::AnnouncingLoss(pause), Announcement::Disconnected)
        };
        step.after(effects)
    }

    fn redial_now(&mut self, now: Instant) -> Step<A> {
        let soonest = now.max(self.attempt_started + self.min_pause());
        let (Phase::AnnouncingFailure(pause)
        | Phase::AnnouncingLoss(pause)
        | Phase::LostWhileGreeting(pause)
        | Phase::Waiting(pause)) = &mut self.phase
        else {
            return Step::keep();
        };
        if pause.until <= soonest {
            return Step::keep();
        }
        pause.until = soonest;
        let pause = pause.clone();
        let state = pause.state();
        let step = if matches!(self.phase, Phase::Waiting(_)) { self.wait(now, pause) } else { Step::keep() };
        step.after([state])
    }

    fn close_after_link(&mut self) -> Step<A> {
        if matches!(self.phase, Phase::Greeting | Phase::Live) {
            self.close_after_link = true;
            return Step::keep();
        }
        self.close(Cause::CloseCalled)
    }

    fn close(&mut self, cause: Cause) -> Step<A> {
        let owed = matches!(self.phase, Phase::Greeting | Phase::LostWhileGreeting(_) | Phase::Live);
        self.begin_closing(cause, owed.then_some(Announcement::Disconnected)).after([Effect::RetireLink])
    }

    fn begin_closing(&mut self, cause: Cause, last_words: Option<Announcement<A>>) -> Step<A> {
        self.start(Phase::Closing(last_words), Activity::CloseLink)
            .after([Effect::SetState(State::Closed { cause })])
    }

    /// Nothing can change the course any more.
    fn closing(&mut self, input: &Input<A>) -> Step<A> {
        match (&mut self.phase, input) {
            (Phase::Closing(last_words), Input::LinkClosed) => match last_words.take() {
                Some(announcement) => self.start(Phase::LastWords, Activity::AnnounceLast(announcement)),
                None => Step { effects: Vec::new(), next: Next::End },
            },
            (Phase::LastWords, Input::Announced) => Step { effects: Vec::new(), next: Next::End },
            _ => Step::keep(),
        }
    }

    fn after_failure(&mut self, now: Instant, permanent: bool) -> Instant {
        let floor = self.attempt_started + self.min_pause();
        match self.config.retry.clone() {
            RetryDelay::Fixed(_) => self.fixed_from_start(self.attempt).max(floor),
            RetryDelay::Exponential(exponential) if permanent => {
                self.growth.previous = Some(exponential.max);
                later(now, self.dice.jittered(exponential.max, exponential.jitter)).max(floor)
            }
            RetryDelay::Exponential(exponential) => self.grow(now, &exponential).max(floor),
        }
    }

    fn after_loss(&mut self, now: Instant) -> Instant {
        let floor = self.attempt_started + self.min_pause();
        match self.config.retry.clone() {
            // The attempt that made this link was its outage's last one: its number no longer matters.
            RetryDelay::Fixed(_) => self.fixed_from_start(1).max(floor),
            RetryDelay::Exponential(exponential) => {
                let stable = match exponential.reset {
                    ResetRule::OnConnect => true,
                    ResetRule::AfterStable(least) => now.duration_since(self.live_since) >= least,
                };
                if stable {
                    self.growth = Growth { previous: None, outage_since: now };
                    return now.max(floor);
                }
                self.grow(now, &exponential).max(floor)
            }
        }
    }

    fn fixed_from_start(&mut self, attempt: u32) -> Instant {
        let RetryDelay::Fixed(fixed) = &self.config.retry else { return self.attempt_started };
        later(self.attempt_started, self.dice.jittered(fixed.delay.after(attempt), fixed.jitter))
    }

    fn grow(&mut self, now: Instant, exponential: &Exponential) -> Instant {
        let outage_age = now.duration_since(self.growth.outage_since);
        let delay = exponential.next_delay(self.growth.previous, outage_age);
        self.growth.previous = Some(delay);
        later(now, self.dice.jittered(delay, exponential.jitter))
    }

    fn min_pause(&self) -> Duration {
        self.config.min_pause.max(LEAST_MIN_PAUSE)
    }

    fn announce(&mut self, phase: Phase<A>, announcement: Announcement<A>) -> Step<A> {
        self.start(phase, Activity::Announce(announcement))
    }

    fn start(&mut self, phase: Phase<A>, activity: Activity<A>) -> Step<A> {
        self.phase = phase;
        Step { effects: Vec::new(), next: Next::Start(activity) }
    }
}

impl<A> Step<A> {
    fn keep() -> Self {
        Self { effects: Vec::new(), next: Next::Keep }
    }

    /// This step with `effects` before its own.
    fn after<const N: usize>(mut self, effects: [Effect; N]) -> Self {
        self.effects.splice(0..0, effects);
        self
    }
}

impl Pause {
    fn state(&self) -> Effect {
        Effect::SetState(State::BackingOff {
            attempt: self.attempt,
            until: self.until,
            cause: self.cause.clone(),
        })
    }
}

/// `Instant + Duration` panics where this saturates: at a year, which is for ever.
fn later(instant: Instant, delay: Duration) -> Instant {
    instant + delay.min(LONGEST_DELAY)
}

const LONGEST_DELAY: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
mod tests;
