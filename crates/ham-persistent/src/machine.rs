//! The rules: state and input yield the next state and effects. No I/O, no clock, no task: the driver does what it is asked.

mod closing;
mod pauses;
mod phase;
mod step;

use std::sync::Arc;

use tokio::time::Instant;

use self::pauses::Pauses;
use self::phase::{Pause, Phase};
pub(crate) use self::step::{Activity, Announcement, Effect, Input, Next, Severity, Step};
use crate::backoff::Randomness;
use crate::command::Command;
use crate::config::{Config, PermanentPolicy};
use crate::connector::Permanence;
use crate::error::{Cause, Failure};
use crate::state::State;

/// The state machine of one persistent connection.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub(crate) struct Machine<A> {
    config: Config,
    pauses: Pauses,
    phase: Phase<A>,
    /// Attempts started in this outage.
    attempt: u32,
    /// Whether this outage has been announced; its further attempts are not.
    announced: bool,
    last_address: Option<A>,
    last_failure: Option<Arc<str>>,
    close_after_link: bool,
    /// Close when the first attempt fails. Cleared by the first link.
    fail_first: bool,
}

impl<A: PartialEq + Clone> Machine<A> {
    /// The machine and its first activity; the state is `Dialing { attempt: 1 }`.
    pub(crate) fn new(config: Config, randomness: Randomness, fail_first: bool, now: Instant) -> Self {
        Self {
            pauses: Pauses::new(&config, randomness, now),
            config,
            phase: Phase::Announcing,
            attempt: 1,
            announced: true,
            last_address: None,
            last_failure: None,
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
            Input::Command { command: Command::Close(cause), begun } => self.close(cause, begun),
            Input::Command { command: Command::CloseAfterLink, begun } => self.close_after_link(begun),
            Input::Command { command: Command::RedialNow, .. } => self.redial_now(now),
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
        self.pauses.attempt_began(now);
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

    /// A callback has finished: the step that it held up follows.
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
                if self.close_after_link {
                    return self.begin_closing(pause.cause, Some(Announcement::Disconnected));
                }
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
        let until = self.pauses.after_failure(now, permanent);
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
        self.pauses.link_up(now);
        self.announce(Phase::Greeting, Announcement::Connected)
            .after([Effect::TakeLink { failures }, Effect::SetState(State::Live { since: now })])
    }

    fn link_lost(&mut self, now: Instant, text: Arc<str>) -> Step<A> {
        let cause = Cause::LinkLost { text };
        let greeting = matches!(self.phase, Phase::Greeting);
        if self.close_after_link && !greeting {
            return self.begin_closing(cause, Some(Announcement::Disconnected)).after([Effect::DropLink]);
        }
        let until = self.pauses.after_loss(now);
        let pause = Pause { attempt: 0, until, cause };
        let effects = [Effect::DropLink, pause.state()];
        let step = if greeting {
            self.phase = Phase::LostWhileGreeting(pause);
            Step::keep()
        } else {
            self.announce(Phase::AnnouncingLoss(pause), Announcement::Disconnected)
        };
        step.after(effects)
    }

    fn redial_now(&mut self, now: Instant) -> Step<A> {
        let soonest = self.pauses.soonest(now);
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

    fn announce(&mut self, phase: Phase<A>, announcement: Announcement<A>) -> Step<A> {
        self.start(phase, Activity::Announce(announcement))
    }

    fn start(&mut self, phase: Phase<A>, activity: Activity<A>) -> Step<A> {
        self.phase = phase;
        Step { effects: Vec::new(), next: Next::Start(activity) }
    }
}

#[cfg(test)]
mod tests;
