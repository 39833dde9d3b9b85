use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::backoff::{DEFAULT_JITTER, Patience};
use crate::config::Fixed;
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
    Input::Command(command)
}

/// A machine with the time it is told and the last state it set.
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

    /// Gives an input that starts another activity, and returns that.
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

/// The diagram in `state.rs`, edge by edge. Each row begins with a new machine.
#[test]
fn every_edge_of_the_diagram_is_walked() {
    let name = |state: &State| match state {
        State::Dialing { .. } => "Dialing",
        State::Live { .. } => "Live",
        State::BackingOff { .. } => "BackingOff",
        State::Closed { .. } => "Closed",
    };
    let stop = || Config::default().with_on_permanent(PermanentPolicy::Stop);
    type Walk = fn(&mut Bench);
    let close = |bench: &mut Bench| drop(bench.give(command(Command::Close(Cause::CloseCalled))));
    let close_after_link = |bench: &mut Bench| drop(bench.give(command(Command::CloseAfterLink)));
    let fail = |bench: &mut Bench| drop(bench.give(Input::AttemptFailed(failure("refused"))));
    let fail_for_good =
        |bench: &mut Bench| drop(bench.give(Input::AttemptFailed(permanent_failure("wrong"))));
    let lose = |bench: &mut Bench| drop(bench.give(lost("reset")));
    let dial: Walk = |bench| {
        bench.dial();
    };
    let live: Walk = |bench| {
        bench.live();
    };
    let back_off: Walk = |bench| {
        bench.dial().give(Input::AttemptFailed(failure("refused")));
        bench.give(Input::Announced);
    };
    let doomed: Walk = |bench| {
        bench.live().give(command(Command::CloseAfterLink));
    };
    let edges: [(&str, &str, bool, Config, Walk, Walk); 14] = [
        ("Dialing", "Live", false, stop(), dial, |bench| drop(bench.give(Input::Dialed))),
        ("Dialing", "BackingOff", false, stop(), dial, fail),
        ("Dialing", "Closed", false, stop(), dial, close),
        ("Dialing", "Closed", false, stop(), dial, close_after_link),
        ("Dialing", "Closed", false, stop(), dial, fail_for_good),
        ("Dialing", "Closed", true, stop(), dial, fail),
        ("BackingOff", "Dialing", false, stop(), back_off, |bench| {
            bench.pass(seconds(10)).give(Input::WaitOver);
        }),
        ("BackingOff", "Dialing", false, stop(), back_off, |bench| {
            bench.pass(seconds(1)).give(command(Command::RedialNow));
        }),
        ("BackingOff", "Closed", false, stop(), back_off, close),
        ("BackingOff", "Closed", false, stop(), back_off, close_after_link),
        ("Live", "BackingOff", false, stop(), live, lose),
        ("Live", "Closed", false, stop(), live, close),
        ("Live", "Closed", false, stop(), doomed, lose),
        ("Live", "Live", false, stop(), live, close_after_link),
    ];
    for (number, (from, to, fail_first, config, prepare, walk)) in edges.into_iter().enumerate() {
        let mut bench = Bench::first(config, fail_first);
        prepare(&mut bench);
        assert_eq!(name(&bench.state), from, "edge {number}");
        walk(&mut bench);
        assert_eq!(name(&bench.state), to, "edge {number}");
    }
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
fn a_permanent_failure_is_an_error_from_the_first_and_waits_at_the_cap() {
    let retry = Exponential::new(seconds(1), seconds(30));
    let mut bench = Bench::new(Config::default().with_retry(retry));
    let step = bench.dial().give(Input::AttemptFailed(permanent_failure("wrong token")));
    assert_eq!(step.effects.first(), Some(&Effect::ReportFailure { attempt: 1, severity: Severity::Error }));
    assert_eq!(bench.pause(), seconds(30));
}

#[test]
fn a_permanent_failure_can_stop_with_its_event() {
    let mut bench = Bench::new(Config::default().with_on_permanent(PermanentPolicy::Stop));
    bench.dial().starts(Input::AttemptFailed(permanent_failure("wrong token")));
    assert_eq!(*bench.starts(Input::LinkClosed), Activity::AnnounceLast(Announcement::FailedToConnect));
    assert_eq!(bench.closed_by(), "attempt failed: wrong token");
}

#[test]
fn a_fixed_delay_runs_from_attempt_start() {
    let mut bench = Bench::new(Config::default());
    bench.dial().pass(seconds(4)).starts(Input::AttemptFailed(failure("timed out")));
    assert_eq!(bench.pause(), seconds(6));
    let mut bench = Bench::new(Config::default());
    bench.live().pass(seconds(3)).starts(lost("reset"));
    assert_eq!(bench.pause(), seconds(7));
    let mut bench = Bench::new(Config::default());
    bench.live().pass(seconds(3600)).starts(lost("reset"));
    assert_eq!(bench.pause(), Duration::ZERO);
}

#[test]
fn no_delay_is_shorter_than_the_least_pause() {
    for retry in [
        RetryDelay::from(Fixed::every(Duration::ZERO)),
        Exponential::new(Duration::ZERO, Duration::ZERO).into(),
    ] {
        let mut bench = Bench::new(Config::default().with_retry(retry));
        bench.dial().starts(Input::AttemptFailed(failure("refused")));
        assert_eq!(bench.pause(), crate::config::DEFAULT_MIN_PAUSE);
        bench.starts(Input::Announced);
        bench.pass(Duration::from_millis(40)).keeps(command(Command::RedialNow));
        assert_eq!(bench.pause(), Duration::from_millis(60));
    }
    let mut bench =
        Bench::new(Config::default().with_retry(Fixed::every(Duration::ZERO)).with_min_pause(Duration::ZERO));
    bench.live().starts(lost("reset"));
    assert_eq!(bench.pause(), LEAST_MIN_PAUSE);
}

#[test]
fn an_exponential_delay_runs_from_the_attempts_end_and_resets_on_connect() {
    let mut bench = Bench::new(Config::default().with_retry(Exponential::new(seconds(1), seconds(30))));
    bench.dial();
    for expected in [1, 2, 4] {
        bench.pass(seconds(7)).give(Input::AttemptFailed(failure("timed out")));
        assert_eq!(bench.pause(), seconds(expected));
        bench.give(Input::Announced);
        bench.pass(seconds(expected)).give(Input::WaitOver);
        bench.give(Input::Address(1));
    }
    bench.starts(Input::Dialed);
    bench.starts(Input::Announced);
    bench.pass(seconds(1)).starts(lost("reset"));
    assert_eq!(bench.pause(), Duration::ZERO);
    bench.starts(Input::Announced);
    bench.dial().give(Input::AttemptFailed(failure("refused")));
    assert_eq!(bench.pause(), seconds(1));
}

#[test]
fn links_that_do_not_stay_up_count_as_failures() {
    let retry = Exponential::new(seconds(1), seconds(30)).with_reset(ResetRule::AfterStable(seconds(60)));
    let mut bench = Bench::new(Config::default().with_retry(retry));
    for expected in [1, 2, 4, 8] {
        bench.live().pass(seconds(1)).starts(lost("reset"));
        assert_eq!(bench.pause(), seconds(expected));
        bench.starts(Input::Announced);
        bench.pass(seconds(expected)).starts(Input::WaitOver);
    }
    bench.live().pass(seconds(60)).starts(lost("reset"));
    assert_eq!(bench.pause(), Duration::ZERO);
    bench.starts(Input::Announced);
    bench.live().pass(seconds(1)).starts(lost("reset"));
    assert_eq!(bench.pause(), seconds(1));
}

#[test]
fn patience_counts_from_the_outages_start() {
    let retry = Exponential::new(Duration::from_millis(100), seconds(30))
        .with_patience(Patience { cap: seconds(1), lasts: seconds(60) });
    let mut bench = Bench::new(Config::default().with_retry(retry));
    // The link's life is no part of the outage that follows it.
    bench.live().pass(seconds(3600)).starts(lost("reset"));
    bench.starts(Input::Announced);
    bench.dial();
    let mut pauses = Vec::new();
    for attempt_takes in [0, 10, 10, 10, 10, 10, 10, 10, 10] {
        bench.pass(seconds(attempt_takes)).give(Input::AttemptFailed(failure("timed out")));
        pauses.push(bench.pause().as_millis());
        bench.give(Input::Announced);
        bench.pass(bench.pause()).give(Input::WaitOver);
        bench.give(Input::Address(1));
    }
    assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000, 2000, 4000, 8000]);
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

#[test]
fn a_default_delay_with_jitter_is_within_thirty_percent() {
    for seed in 0..200 {
        let now = Instant::now();
        let mut machine = Machine::new(Config::default(), Randomness::Seed(seed), false, now);
        machine.handle(now, Input::Announced);
        let step = machine.handle(now, Input::<u8>::AttemptFailed(failure("refused")));
        let Some(Effect::SetState(State::BackingOff { until, .. })) = step.effects.get(1) else {
            panic!("{step:?}")
        };
        let delay = until.duration_since(now).as_secs_f64();
        assert!((7.0..=13.0).contains(&delay), "{delay}");
    }
    assert_eq!(DEFAULT_JITTER, crate::backoff::Jitter::percent(30));
}

fn any_input() -> impl Strategy<Value = Input<u8>> {
    prop_oneof![
        4 => Just(()).prop_map(|()| Input::Announced),
        2 => (0_u8..2).prop_map(Input::Address),
        2 => Just(()).prop_map(|()| Input::AttemptFailed(failure("refused"))),
        1 => Just(()).prop_map(|()| Input::AttemptFailed(permanent_failure("wrong"))),
        3 => Just(()).prop_map(|()| Input::Dialed),
        2 => Just(()).prop_map(|()| lost("reset")),
        2 => Just(()).prop_map(|()| Input::WaitOver),
        1 => Just(()).prop_map(|()| Input::LinkClosed),
        1 => Just(()).prop_map(|()| command(Command::RedialNow)),
        1 => Just(()).prop_map(|()| command(Command::CloseAfterLink)),
        1 => Just(()).prop_map(|()| command(Command::Close(Cause::CloseCalled))),
    ]
}

/// Whether a driver in this activity, with or without a link, can give this input at all.
fn possible(activity: &Activity<u8>, link: bool, input: &Input<u8>) -> bool {
    match input {
        Input::Announced => matches!(activity, Activity::Announce(_) | Activity::AnnounceLast(_)),
        Input::Address(_) => *activity == Activity::ObtainAddress,
        Input::AttemptFailed(_) => matches!(activity, Activity::ObtainAddress | Activity::Connect(_)),
        Input::Dialed => matches!(activity, Activity::Connect(_)),
        Input::WaitOver => matches!(activity, Activity::Wait(_)),
        Input::LinkClosed => *activity == Activity::CloseLink,
        Input::LinkLost(_) => link,
        Input::Command(_) => true,
    }
}

proptest! {
    /// Whatever happens in whatever order: `Connected` and `Disconnected` alternate, an attempt belongs to an announced
    /// outage, and a closed machine ends.
    #[test]
    fn events_are_in_order(inputs in prop::collection::vec((any_input(), 0_u64..20), 1..200)) {
        let mut bench = Bench::new(Config::default());
        let mut link = false;
        let mut connected = false;
        let mut announced = true;
        for (input, pause) in inputs {
            if !possible(&bench.activity, link, &input) {
                continue;
            }
            let was_closed = bench.state.is_closed();
            let finished = !matches!(input, Input::Command(_) | Input::LinkLost(_));
            let step = bench.pass(seconds(pause)).give(input);
            for effect in &step.effects {
                match effect {
                    Effect::TakeLink { .. } => { prop_assert!(!link); link = true; }
                    Effect::DropLink | Effect::RetireLink => link = false,
                    Effect::SetState(_) => prop_assert!(!was_closed),
                    Effect::ReportFailure { .. } => prop_assert!(!link),
                }
            }
            match step.next {
                Next::End => {
                    prop_assert!(bench.state.is_closed() && !connected);
                    return Ok(());
                }
                Next::Keep => prop_assert!(!finished, "{:?} has ended and nothing follows", bench.activity),
                Next::Start(activity) => {
                    match &activity {
                        Activity::Announce(Announcement::AttemptingToConnect) => {
                            prop_assert!(!announced && !connected);
                            announced = true;
                        }
                        Activity::Announce(Announcement::Connected) => {
                            prop_assert!(announced && !connected);
                            connected = true;
                            announced = false;
                        }
                        Activity::Announce(Announcement::Disconnected)
                        | Activity::AnnounceLast(Announcement::Disconnected) => {
                            prop_assert!(connected);
                            connected = false;
                        }
                        Activity::ObtainAddress | Activity::Connect(_) => prop_assert!(announced && !connected),
                        Activity::Announce(_)
                        | Activity::AnnounceLast(_)
                        | Activity::CloseLink
                        | Activity::Wait(_)
                        | Activity::WatchLink => {}
                    }
                    bench.activity = activity;
                }
            }
        }
    }
}
