//! How long the machine waits.

use super::*;
use crate::backoff::{DEFAULT_JITTER, DEFAULT_STABLE_AFTER, Exponential, Patience, ResetRule};
use crate::config::{DEFAULT_MIN_PAUSE, LEAST_MIN_PAUSE};
use crate::delay::{Fixed, RetryDelay};

#[test]
fn a_permanent_failure_is_an_error_from_the_first_and_waits_at_the_cap() {
    let retry = Exponential::new(seconds(1), seconds(30));
    let mut bench = Bench::new(Config::default().with_retry(retry));
    let step = bench.dial().give(Input::AttemptFailed(permanent_failure("wrong token")));
    assert_eq!(step.effects.first(), Some(&Effect::ReportFailure { attempt: 1, severity: Severity::Error }));
    assert_eq!(bench.pause(), seconds(30));
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
        assert_eq!(bench.pause(), DEFAULT_MIN_PAUSE);
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
fn an_exponential_delay_runs_from_the_attempts_end_and_resets_on_a_link_that_lasted() {
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
    bench.pass(DEFAULT_STABLE_AFTER).starts(lost("reset"));
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
    assert_eq!(DEFAULT_JITTER, crate::Jitter::percent(30));
}

/// The pauses after links that are lost at once, each redialled when its pause is over.
fn after_flaps(retry: impl Into<RetryDelay>) -> Vec<u64> {
    let mut bench = Bench::new(Config::default().with_retry(retry));
    let flap = |_| {
        bench.live().starts(lost("go away"));
        let pause = bench.pause();
        bench.starts(Input::Announced);
        if !pause.is_zero() {
            bench.pass(pause).starts(Input::WaitOver);
        }
        pause.as_secs()
    };
    (0..5).map(flap).collect()
}

/// Case: 119 dials in 12 s to a server that accepted and refused; the rule existed, but no default used it.
#[test]
fn by_default_a_link_that_did_not_last_is_a_failed_attempt() {
    assert_eq!(after_flaps(Exponential::default()), [1, 2, 4, 8, 16]);
    let on_connect = Exponential::default().with_reset(ResetRule::OnConnect);
    assert_eq!(after_flaps(on_connect), [0, 0, 0, 0, 0]);
    assert_eq!(after_flaps(Fixed::every(seconds(3))), [3, 3, 3, 3, 3]);
    let growing = |attempt| seconds(u64::from(attempt) * 10);
    assert_eq!(after_flaps(Fixed::per_attempt(growing)), [10, 20, 30, 40, 50]);
    let on_connect = Fixed::per_attempt(growing).with_reset(ResetRule::OnConnect);
    assert_eq!(after_flaps(on_connect), [10, 10, 10, 10, 10]);
}

#[test]
fn flaps_and_failures_are_counted_together() {
    let growing = |attempt| seconds(u64::from(attempt) * 10);
    let mut bench = Bench::new(Config::default().with_retry(Fixed::per_attempt(growing)));
    bench.dial().starts(Input::AttemptFailed(failure("refused")));
    assert_eq!(bench.pause(), seconds(10));
    bench.starts(Input::Announced);
    bench.pass(seconds(10)).starts(Input::WaitOver);
    bench.starts(Input::Address(1));
    bench.starts(Input::Dialed);
    bench.starts(Input::Announced);
    bench.starts(lost("go away"));
    assert_eq!(bench.pause(), seconds(20));
}

/// `with_min_pause(Duration::MAX)` made the driver panic.
#[test]
fn no_length_of_a_pause_panics() {
    let endless = Duration::MAX;
    let for_ever = seconds(10 * 365 * 24 * 3600);
    for retry in [
        RetryDelay::from(Fixed::every(endless)),
        Fixed::per_attempt(move |_| endless).into(),
        Exponential::new(endless, endless).with_reset(ResetRule::AfterStable(endless)).into(),
        Exponential::default().with_patience(Patience { cap: endless, lasts: endless }).into(),
    ] {
        for min_pause in [Duration::ZERO, endless] {
            let config = Config::default().with_retry(retry.clone()).with_min_pause(min_pause);
            let mut bench = Bench::new(config);
            bench.dial().starts(Input::AttemptFailed(failure("refused")));
            bench.starts(Input::Announced);
            bench.give(command(Command::RedialNow));
            assert!(bench.pause() > for_ever || min_pause.is_zero(), "{retry:?} {min_pause:?}");
            let config = Config::default().with_retry(retry.clone()).with_min_pause(min_pause);
            Bench::new(config).live().starts(lost("reset"));
        }
    }
}
