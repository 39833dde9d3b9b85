mod edges;
mod pauses;
mod walk;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::connector::ConnectError;

#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct TestError {
    text: &'static str,
    permanence: Permanence,
}

impl ConnectError for TestError {
    fn permanence(&self) -> Permanence {
        self.permanence
    }
}

fn failure(text: &'static str) -> Failure {
    Failure::new(Arc::new(TestError { text, permanence: Permanence::Transient }))
}

fn permanent_failure(text: &'static str) -> Failure {
    Failure::new(Arc::new(TestError { text, permanence: Permanence::Permanent }))
}

fn lost(text: &str) -> Input<u8> {
    Input::LinkLost(text.into())
}

const fn command(command: Command) -> Input<u8> {
    Input::Command { command, begun: true }
}

/// A machine, the time that it is told, and the last state it set.
struct Bench {
    machine: Machine<u8>,
    now: Instant,
    state: State,
    activity: Activity<u8>,
}

impl Bench {
    fn new(config: Config) -> Self {
        Self::first(config, false)
    }

    fn first(config: Config, fail_first: bool) -> Self {
        let now = Instant::now();
        Self {
            machine: Machine::new(config, Randomness::NonRandom, fail_first, now),
            now,
            state: State::Dialing { attempt: 1 },
            activity: Machine::<u8>::first_activity(),
        }
    }

    fn pass(&mut self, delay: Duration) -> &mut Self {
        self.now += delay;
        self
    }

    fn give(&mut self, input: Input<u8>) -> Step<u8> {
        let step = self.machine.handle(self.now, input);
        for effect in &step.effects {
            if let Effect::SetState(state) = effect {
                self.state = state.clone();
            }
        }
        step
    }

    /// Gives an input that starts another activity, and returns the activity.
    fn starts(&mut self, input: Input<u8>) -> &Activity<u8> {
        match self.give(input).next {
            Next::Start(activity) => self.activity = activity,
            next @ (Next::End | Next::Keep) => panic!("{next:?} in {:?}", self.machine.phase),
        }
        &self.activity
    }

    fn keeps(&mut self, input: Input<u8>) -> Vec<Effect> {
        let step = self.give(input);
        assert_eq!(step.next, Next::Keep);
        step.effects
    }

    fn dial(&mut self) -> &mut Self {
        self.starts(Input::Announced);
        if matches!(self.starts(Input::Address(1)), Activity::Announce(_)) {
            self.starts(Input::Announced);
        }
        assert_eq!(self.activity, Activity::Connect(1));
        self
    }

    fn live(&mut self) -> &mut Self {
        self.dial().starts(Input::Dialed);
        assert_eq!(*self.starts(Input::Announced), Activity::WatchLink);
        self
    }

    /// How long from now the back-off lasts.
    fn pause(&self) -> Duration {
        match &self.state {
            State::BackingOff { until, .. } => until.saturating_duration_since(self.now),
            state @ (State::Dialing { .. } | State::Live { .. } | State::Closed { .. }) => {
                panic!("not backing off: {state:?}")
            }
        }
    }

    fn closed_by(&self) -> String {
        assert!(self.state.is_closed(), "{:?}", self.state);
        self.state.cause().expect("a closed state has a cause").to_string()
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn closed_is_final() {
    let mut bench = Bench::new(Config::default());
    bench.live().starts(command(Command::Close(Cause::CloseCalled)));
    assert_eq!(bench.activity, Activity::CloseLink);
    for input in [
        lost("reset"),
        Input::Dialed,
        Input::WaitOver,
        Input::Announced,
        command(Command::RedialNow),
        command(Command::CloseAfterLink),
        command(Command::Close(Cause::LastHandleDropped)),
    ] {
        assert_eq!(bench.keeps(input), []);
    }
    assert_eq!(*bench.starts(Input::LinkClosed), Activity::AnnounceLast(Announcement::Disconnected));
    assert_eq!(bench.give(Input::Announced).next, Next::End);
    assert_eq!(bench.closed_by(), "close was called");
}

#[test]
fn a_new_address_is_announced_and_the_same_one_is_not() {
    let mut bench = Bench::new(Config::default());
    bench.starts(Input::Announced);
    assert_eq!(*bench.starts(Input::Address(1)), Activity::Announce(Announcement::ObtainedAddress(1)));
    assert_eq!(*bench.starts(Input::Announced), Activity::Connect(1));
    bench.starts(Input::AttemptFailed(failure("refused")));
    bench.starts(Input::Announced);
    assert_eq!(*bench.starts(Input::WaitOver), Activity::ObtainAddress);
    assert_eq!(*bench.starts(Input::Address(1)), Activity::Connect(1));
    bench.starts(Input::AttemptFailed(failure("refused")));
    bench.starts(Input::WaitOver);
    assert_eq!(*bench.starts(Input::Address(2)), Activity::Announce(Announcement::ObtainedAddress(2)));
}

#[test]
fn a_new_outage_announces_everything_again() {
    let mut bench = Bench::new(Config::default());
    bench.live().pass(seconds(60));
    assert_eq!(*bench.starts(lost("reset")), Activity::Announce(Announcement::Disconnected));
    assert_eq!(*bench.starts(Input::Announced), Activity::Announce(Announcement::AttemptingToConnect));
    assert_eq!(bench.state, State::Dialing { attempt: 1 });
    bench.starts(Input::Announced);
    assert_eq!(*bench.starts(Input::Address(1)), Activity::Announce(Announcement::ObtainedAddress(1)));
}

#[test]
fn every_failure_is_reported_and_only_a_different_one_announced() {
    let mut bench = Bench::new(Config::default().with_escalate_after(3));
    bench.dial();
    let mut log = Vec::new();
    for text in ["refused", "refused", "timed out", "refused"] {
        let step = bench.give(Input::AttemptFailed(failure(text)));
        let Some(Effect::ReportFailure { attempt, severity }) = step.effects.first() else {
            panic!("no report first: {step:?}")
        };
        let announced = matches!(step.next, Next::Start(Activity::Announce(Announcement::FailedToConnect)));
        log.push((*attempt, *severity, announced));
        assert!(matches!(&bench.state, State::BackingOff { attempt: now, .. } if now == attempt));
        if announced {
            bench.starts(Input::Announced);
        }
        bench.pass(seconds(10)).starts(Input::WaitOver);
        bench.starts(Input::Address(1));
    }
    assert_eq!(
        log,
        [
            (1, Severity::Warn, true),
            (2, Severity::Warn, false),
            (3, Severity::Error, true),
            (4, Severity::Error, true)
        ]
    );
}

#[test]
fn a_permanent_failure_can_stop_with_its_event() {
    let mut bench = Bench::new(Config::default().with_on_permanent(PermanentPolicy::Stop));
    bench.dial().starts(Input::AttemptFailed(permanent_failure("wrong token")));
    assert_eq!(*bench.starts(Input::LinkClosed), Activity::AnnounceLast(Announcement::FailedToConnect));
    assert_eq!(bench.closed_by(), "attempt failed: wrong token");
}

#[test]
fn a_callback_holds_the_next_step_up_but_not_the_news() {
    let mut bench = Bench::new(Config::default());
    bench.dial().starts(Input::Dialed);
    assert_eq!(bench.activity, Activity::Announce(Announcement::Connected));
    let effects = bench.keeps(lost("reset"));
    assert_eq!(effects.first(), Some(&Effect::DropLink));
    assert!(matches!(bench.state, State::BackingOff { attempt: 0, .. }));
    assert_eq!(*bench.starts(Input::Announced), Activity::Announce(Announcement::Disconnected));
}

#[test]
fn redial_now_is_for_waits_only() {
    let redial = || command(Command::RedialNow);
    let mut bench = Bench::new(Config::default());
    assert_eq!(bench.keeps(redial()), []);
    bench.dial();
    assert_eq!(bench.keeps(redial()), []);
    bench.starts(Input::AttemptFailed(failure("refused")));
    bench.pass(seconds(1)).keeps(redial());
    assert_eq!(bench.pause(), Duration::ZERO);
    assert_eq!(*bench.starts(Input::Announced), Activity::ObtainAddress);
    bench.starts(Input::Address(1));
    bench.starts(Input::Dialed);
    assert_eq!(bench.keeps(redial()), []);
}
