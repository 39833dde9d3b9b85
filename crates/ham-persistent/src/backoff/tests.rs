use proptest::prelude::*;

use super::*;

fn millis(delays: impl IntoIterator<Item = Duration>) -> Vec<u128> {
    delays.into_iter().map(|delay| delay.as_millis()).collect()
}

/// The delays of an outage whose attempts take no time; each delay's end is the outage age for the next one.
fn outage(exponential: &Exponential, count: usize) -> Vec<Duration> {
    let mut age = Duration::ZERO;
    let mut previous = None;
    let mut delays = Vec::new();
    for _ in 0..count {
        let delay = exponential.next_delay(previous, age);
        age += delay;
        previous = Some(delay);
        delays.push(delay);
    }
    delays
}

#[test]
fn defaults_are_the_documented_constants() {
    let exponential = Exponential::default();
    assert_eq!(exponential.initial, DEFAULT_INITIAL_DELAY);
    assert_eq!(exponential.max, DEFAULT_MAX_DELAY);
    assert_eq!(exponential.factor, DEFAULT_FACTOR);
    assert_eq!(exponential.jitter, DEFAULT_JITTER);
    assert_eq!(exponential.patience, None);
    assert_eq!(exponential.reset, ResetRule::AfterStable(DEFAULT_STABLE_AFTER));
    assert_eq!(DEFAULT_STABLE_AFTER, Duration::from_secs(10));
    assert_eq!(DEFAULT_JITTER, Jitter::percent(30));
    assert_eq!(Randomness::default(), Randomness::Entropy);
}

#[test]
fn doubles_up_to_the_cap() {
    let exponential = Exponential::new(Duration::from_secs(1), Duration::from_secs(30));
    assert_eq!(millis(outage(&exponential, 7)), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
}

#[test]
fn patience_holds_the_delay_down_for_the_first_minute_and_then_doubles_it() {
    let exponential = Exponential::new(Duration::from_millis(100), Duration::from_secs(30))
        .with_patience(Patience { cap: Duration::from_secs(1), lasts: Duration::from_secs(60) });
    let delays = millis(outage(&exponential, 71));
    assert_eq!(delays[..6], [100, 200, 400, 800, 1000, 1000]);
    // 0.1 + 0.2 + 0.4 + 0.8 s, then one second each up to the minute.
    assert!(delays[4..63].iter().all(|delay| *delay == 1000), "{delays:?}");
    assert_eq!(delays[63..], [2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
}

#[test]
fn a_bad_factor_counts_as_one() {
    for factor in [f64::NAN, f64::NEG_INFINITY, -2.0, 0.0, 0.5] {
        let exponential = Exponential::default().with_factor(factor);
        assert_eq!(exponential.nth_delay(u32::MAX), DEFAULT_INITIAL_DELAY, "{factor}");
    }
    assert_eq!(Exponential::default().with_factor(f64::INFINITY).nth_delay(2), DEFAULT_MAX_DELAY);
}

#[test]
fn jitter_moves_both_ways_and_no_randomness_moves_nothing() {
    let ten = Duration::from_secs(10);
    assert_eq!(millis([-1.0, 0.0, 1.0].map(|roll| DEFAULT_JITTER.apply(ten, roll))), [7000, 10_000, 13_000]);
    assert_eq!(Jitter::NONE.apply(ten, 1.0), ten);
    assert_eq!(Jitter::percent(200), Jitter::percent(100));
    assert_eq!(Dice::new(Randomness::NonRandom).jittered(ten, DEFAULT_JITTER), ten);
}

#[test]
fn a_seed_gives_its_own_sequence_again() {
    let rolls = |seed| {
        let mut dice = Dice::new(Randomness::Seed(seed));
        [(); 8].map(|()| dice.jittered(DEFAULT_MAX_DELAY, DEFAULT_JITTER))
    };
    assert_eq!(rolls(7), rolls(7));
    assert_ne!(rolls(7), rolls(8));
}

prop_compose! {
    fn any_duration()(nanos in any::<u64>(), seconds in prop_oneof![Just(0), any::<u64>()]) -> Duration {
        Duration::from_nanos(nanos).saturating_add(Duration::from_secs(seconds))
    }
}

proptest! {
    #[test]
    fn delays_never_shrink_nor_pass_the_cap(
        initial in any_duration(), max in any_duration(), factor in any::<f64>(), steps in 1_usize..40,
    ) {
        let exponential = Exponential::new(initial, max).with_factor(factor);
        let mut previous = None;
        for _ in 0..steps {
            let delay = exponential.next_delay(previous, Duration::ZERO);
            prop_assert!(delay <= max);
            prop_assert!(previous.is_none_or(|previous| previous <= delay));
            previous = Some(delay);
        }
    }

    #[test]
    fn the_nth_delay_is_the_nth_of_an_outage(initial in any_duration(), factor in 1.0..5.0_f64, n in 1_u32..40) {
        let exponential = Exponential::new(initial, DEFAULT_MAX_DELAY).with_factor(factor);
        let mut previous = None;
        for _ in 0..n {
            previous = Some(exponential.next_delay(previous, Duration::ZERO));
        }
        prop_assert_eq!(previous, Some(exponential.nth_delay(n)));
    }

    #[test]
    fn jitter_stays_within_its_share(millis in 0_u64..1_000_000, percent in any::<u8>(), seed in any::<u64>()) {
        let delay = Duration::from_millis(millis);
        let jittered = Dice::new(Randomness::Seed(seed)).jittered(delay, Jitter::percent(percent));
        let share = delay.as_secs_f64() * f64::from(percent.min(100)) / 100.0;
        let moved = jittered.as_secs_f64() - delay.as_secs_f64();
        prop_assert!(moved.abs() <= share + 1e-6, "{delay:?} became {jittered:?}");
    }

    #[test]
    fn no_delay_is_too_long_for_jitter(delay in any_duration(), roll in any::<f64>()) {
        let _ = Jitter::percent(100).apply(delay, roll);
    }
}
