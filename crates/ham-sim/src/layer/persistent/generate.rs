//! Generates a life of the engine from a seed.

use std::num::NonZeroUsize;
use std::time::Duration;

use ham_persistent::Patience;

use super::life::{
    Action, Attempt, Callback, CallbackAction, Element, Ending, LinkPlan, OwnClose, PersistentLife, Reads,
    Refusal, Retry, Step, Trigger, World,
};
use crate::dice::{Dice, Stream};

pub(super) fn life(seed: u64) -> PersistentLife {
    let dice = Dice::new(seed);
    let rates = Rates::draw(&mut dice.stream("swarm", 0));
    let mut sizes = dice.stream("sizes", 0);
    let (attempts, callbacks, steps) = (sizes.below(13), sizes.below(9), sizes.between(1, 12));
    let mut number = 0;
    let mut next = || {
        number += 1;
        number - 1
    };
    let mut nth = 0;
    let attempts = (0..attempts).map(|count| {
        let mut stream = dice.stream("attempt", count);
        nth += 1 + stream.below(2) * stream.below(2);
        Element { number: next(), what: attempt(nth, &rates, &mut stream) }
    });
    let attempts: Vec<_> = attempts.collect();
    let mut nth = 0;
    let callbacks = (0..callbacks).map(|count| {
        let mut stream = dice.stream("callback", count);
        nth += stream.between(1, 3);
        Element { number: next(), what: callback(nth, &rates, &mut stream) }
    });
    let callbacks: Vec<_> = callbacks.collect();
    let steps: Vec<_> = (0..steps)
        .map(|count| Element { number: next(), what: step(&rates, &mut dice.stream("step", count)) })
        .collect();
    PersistentLife { whole: number, world: world(&mut dice.stream("world", 0)), attempts, callbacks, steps }
}

/// How often each thing happens in this life, in percent. Drawn for each life, because things that never meet at fixed rates do meet
/// when some rates are high and others zero.
struct Rates {
    refusal: u64,
    permanent: u64,
    slow: u64,
    short_link: u64,
    own_close: u64,
    slow_callback: u64,
    callback_action: u64,
    on_event: u64,
    closing_steps: u32,
    redials: u32,
    losses: u32,
}

impl Rates {
    fn draw(stream: &mut Stream) -> Self {
        let calm = stream.one_in(8);
        let mut rate = |of: [u64; 3]| if calm { 0 } else { stream.pick(&of) };
        Self {
            refusal: rate([0, 25, 70]),
            permanent: rate([0, 10, 50]),
            slow: rate([0, 25, 75]),
            short_link: rate([0, 30, 90]),
            own_close: rate([0, 0, 15]),
            slow_callback: rate([0, 30, 90]),
            callback_action: rate([0, 5, 30]),
            on_event: rate([0, 40, 90]),
            closing_steps: rate([0, 1, 4]) as u32,
            redials: rate([0, 1, 6]) as u32,
            losses: rate([0, 2, 6]) as u32,
        }
    }
}

fn world(stream: &mut Stream) -> World {
    // One life in 16 has a time that stands for "for ever" somewhere.
    let endless = if stream.one_in(16) { stream.between(1, 6) } else { 0 };
    let or_endless = |which: u64, time: Duration| if endless == which { Duration::MAX } else { time };
    let jitter = stream.pick(&[0, 10, 30, 100]);
    let retry = if stream.one_in(3) {
        Retry::Fixed { delay: or_endless(1, stream.skewed_millis(8_000)), jitter }
    } else {
        let initial = stream.millis(1, 2_000);
        let patience = stream.one_in(3).then(|| Patience {
            cap: or_endless(2, stream.millis(100, 2_000)),
            lasts: or_endless(3, stream.millis(500, 10_000)),
        });
        Retry::Exponential {
            initial,
            max: or_endless(4, initial + stream.skewed_millis(8_000)),
            factor: stream.pick(&[1.0, 1.5, 2.0, 3.0]),
            jitter,
            patience,
            stable_after: stream.percent(60).then(|| or_endless(5, stream.skewed_millis(5_000))),
        }
    };
    World {
        retry,
        min_pause: or_endless(6, stream.skewed_millis(2_000)),
        stop_on_permanent: stream.one_in(3),
        capacity: NonZeroUsize::new(stream.pick(&[1, 2, 4, 64])).unwrap_or(NonZeroUsize::MIN),
        jitter_seed: stream.bits(),
        connected_first: stream.one_in(6).then(|| stream.skewed_millis(20_000)),
        subscribers: (0..stream.below(3)).map(|_| reads(stream)).collect(),
        length: Duration::from_millis(1) + stream.skewed_millis(60_000),
        ending: stream.pick(&[Ending::Close, Ending::DropAll, Ending::AfterLink]),
    }
}

fn attempt(nth: u64, rates: &Rates, stream: &mut Stream) -> Attempt {
    let refused = stream.percent(rates.refusal);
    let without_address = refused && stream.one_in(4);
    let refusal = Refusal { text: stream.below(2) as u8, permanent: stream.percent(rates.permanent) };
    let place = stream.below(3) as u8;
    let address_takes = time(rates.slow / 2, 2_000, stream);
    let dial_takes = time(rates.slow, 10_000, stream);
    let plan = LinkPlan {
        lives: stream.percent(rates.short_link).then(|| time(80, 4_000, stream)),
        close_takes: time(40, 3_000, stream),
    };
    let closes = if stream.percent(rates.own_close) {
        stream.pick(&[OwnClose::WhenAsked, OwnClose::WhenDialing, OwnClose::BeforeItsEnd])
    } else {
        OwnClose::No
    };
    Attempt {
        nth,
        address: if without_address { Err(refusal) } else { Ok(place) },
        address_takes,
        dial_takes,
        yields: stream.below(4),
        dial: if refused { Err(refusal) } else { Ok(plan) },
        closes,
    }
}

fn callback(nth: u64, rates: &Rates, stream: &mut Stream) -> Callback {
    let then = if stream.percent(rates.callback_action) {
        stream.pick(&[
            CallbackAction::Close,
            CallbackAction::AwaitClose,
            CallbackAction::Redial,
            CallbackAction::Redial,
            CallbackAction::CloseAfterLink,
        ])
    } else {
        CallbackAction::Nothing
    };
    Callback { nth, yields: stream.below(4), takes: time(rates.slow_callback, 5_000, stream), then }
}

fn step(rates: &Rates, stream: &mut Stream) -> Step {
    let when = if stream.percent(rates.on_event) {
        let nth = 1 + stream.below(6) * stream.between(1, 2);
        let of = [Trigger::Published(nth), Trigger::Asked(nth), Trigger::Dialing(nth), Trigger::Ended(nth)];
        stream.pick(&of)
    } else {
        Trigger::Start
    };
    let after = if when == Trigger::Start { stream.skewed_millis(20_000) } else { time(50, 3_000, stream) };
    let weights = [
        rates.closing_steps,
        rates.closing_steps,
        2,
        2,
        rates.redials,
        rates.closing_steps,
        3,
        3,
        3,
        rates.losses,
    ];
    let action = match stream.weighted(&weights) {
        0 => Action::Close,
        1 => Action::CloseAndWait,
        2 => Action::Drop,
        3 => Action::Clone,
        4 => Action::Redial,
        5 => Action::CloseAfterLink,
        6 => Action::Subscribe(reads(stream)),
        7 => Action::Connected { patience: stream.skewed_millis(20_000) },
        8 => Action::Outcome { patience: stream.skewed_millis(20_000) },
        _ => Action::LoseLink,
    };
    Step { when, after, yields: stream.below(4), handle: stream.index(4), action }
}

fn reads(stream: &mut Stream) -> Reads {
    match stream.below(4) {
        0 | 1 => Reads::Quickly,
        2 => Reads::Slowly(stream.skewed_millis(5_000)),
        _ => Reads::Some(stream.below(6)),
    }
}

/// A time in `percent` of all cases, otherwise none. A third of the times are round numbers, so that different things meet in one millisecond.
fn time(percent: u64, longest: u64, stream: &mut Stream) -> Duration {
    if !stream.percent(percent) {
        return Duration::ZERO;
    }
    if stream.one_in(3) {
        return Duration::from_millis(stream.pick(&[1, 10, 100, 1_000]).min(longest));
    }
    stream.skewed_millis(longest)
}
