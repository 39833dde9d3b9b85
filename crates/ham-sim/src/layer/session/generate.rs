//! Generates a life of one link from a seed.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use super::life::{Action, Answer, Flaw, How, PeerAction, Request, SessionLife, Step, What};
use super::world::{Address, Ending, Numbers, Upgrade, Welcome, World};
use crate::dice::{Dice, Stream};
use crate::net::{Fault, LanePlan};

pub(super) fn life(seed: u64) -> SessionLife {
    let dice = Dice::new(seed);
    let mut sizes = dice.stream("sizes", 0);
    let rates = Rates::draw(&mut dice.stream("swarm", 0));
    let mut numbers = 0..;
    let mut steps: Vec<(usize, Step)> = Vec::new();
    let mut requests = 0;
    for count in 0..sizes.between(1, 8) {
        let mut stream = dice.stream("step", count);
        // A burst consists of requests that can be left out one by one.
        let times = if stream.percent(rates.bursts) { burst(&rates, &mut stream) } else { 1 };
        let step = draw_step(&rates, &mut stream);
        for index in 0..times {
            requests += 1;
            let step = numbered(step, requests, index, &rates, &mut dice.stream("answer", requests));
            steps.extend(numbers.next().map(|number| (number, step)));
        }
    }
    // The streams keep the label that they had first: another one would make other lives of the same seeds.
    let peer_actions = (0..sizes.below(1 + rates.peer_actions))
        .map(|count| draw_peer_action(&mut dice.stream("deed", count)));
    let peer_actions: Vec<_> =
        peer_actions.zip(numbers.by_ref()).map(|(action, number)| (number, action)).collect();
    let flaws =
        (0..sizes.below(1 + rates.flaws)).map(|count| draw_flaw(&rates, &mut dice.stream("flaw", count)));
    let flaws: Vec<_> = flaws.zip(numbers.by_ref()).map(|(flaw, number)| (number, flaw)).collect();
    let whole = steps.len() + peer_actions.len() + flaws.len();
    SessionLife { whole, world: world(&rates, &mut dice.stream("world", 0)), steps, peer_actions, flaws }
}

/// How often each thing happens in this life, in percent unless stated otherwise.
struct Rates {
    crowd: bool,
    bursts: u64,
    large: u64,
    slow: u64,
    never: u64,
    odd: u64,
    impatient: u64,
    gives_up: u64,
    sends: u64,
    closes: u64,
    bad_dial: u64,
    /// Actions of the peer at most.
    peer_actions: u64,
    /// Flaws of the stream at most.
    flaws: u64,
    endless: bool,
}

impl Rates {
    fn draw(stream: &mut Stream) -> Self {
        let calm = stream.one_in(8);
        let crowd = stream.one_in(32);
        let mut rate = |of: [u64; 3]| if calm { 0 } else { stream.pick(&of) };
        Self {
            crowd,
            bursts: if crowd { 60 } else { rate([0, 20, 60]) },
            large: rate([0, 10, 60]),
            slow: rate([10, 40, 90]),
            never: rate([0, 10, 60]),
            odd: rate([0, 5, 30]),
            impatient: rate([0, 20, 80]),
            gives_up: rate([0, 0, 30]),
            sends: rate([0, 15, 40]),
            closes: rate([0, 0, 20]),
            bad_dial: rate([0, 0, 30]),
            peer_actions: rate([0, 2, 6]),
            flaws: rate([0, 1, 3]),
            endless: !calm && stream.one_in(16),
        }
    }
}

fn burst(rates: &Rates, stream: &mut Stream) -> u64 {
    if rates.crowd { stream.between(20, 200) } else { stream.between(2, 12) }
}

fn draw_step(rates: &Rates, stream: &mut Stream) -> Step {
    let large = stream.percent(rates.large);
    let size = if large { stream.between(1, 64) << 10 } else { stream.between(20, 300) } as usize;
    let patience = match (stream.percent(rates.impatient), rates.endless && stream.one_in(4)) {
        (_, true) => Duration::MAX,
        (true, _) => Duration::from_millis(1) + stream.skewed_millis(1_500),
        (false, _) => stream.millis(5_000, 60_000),
    };
    let action = if stream.percent(rates.closes) {
        Action::Close
    } else if stream.percent(rates.sends) {
        Action::Send { n: 0, size, patience }
    } else {
        let answer = Answer { after: Duration::ZERO, yields: 0, size: 0, how: How::Once };
        let gives_up = stream.percent(rates.gives_up).then(|| stream.skewed_millis(3_000));
        Action::Request(Request { n: 0, size, patience, gives_up, answer })
    };
    Step { at: stream.skewed_millis(40_000), yields: stream.below(4), action }
}

/// The `n`-th request or send: one of a burst, `index` in it.
fn numbered(step: Step, n: u64, index: u64, rates: &Rates, stream: &mut Stream) -> Step {
    let action = match step.action {
        Action::Request(request) => {
            Action::Request(Request { n, answer: draw_answer(rates, stream), ..request })
        }
        Action::Send { size, patience, .. } => Action::Send { n, size, patience },
        // One is enough.
        Action::Close if index == 0 => Action::Close,
        Action::Close => Action::Send { n, size: 20, patience: Duration::from_secs(10) },
    };
    Step { action, ..step }
}

fn draw_answer(rates: &Rates, stream: &mut Stream) -> Answer {
    let after = if stream.percent(rates.slow) { stream.skewed_millis(60_000) } else { stream.millis(0, 5) };
    let how = if stream.percent(rates.never) {
        How::Never
    } else if stream.percent(rates.odd) {
        stream.pick(&[How::Twice, How::Elsewhere, How::Unreadable])
    } else {
        How::Once
    };
    let size =
        if stream.percent(rates.large / 2) { stream.between(1, 64) << 10 } else { stream.between(20, 300) };
    Answer { after, yields: stream.below(4), size: size as usize, how }
}

fn draw_peer_action(stream: &mut Stream) -> PeerAction {
    let freeze =
        |stream: &mut Stream| What::Freeze { lasts: stream.skewed_millis(60_000), whole: stream.one_in(2) };
    let what = match stream.weighted(&[6, 1, 1, 1, 4, 2, 1, 1]) {
        0 => freeze(stream),
        1 => What::Close {
            code: stream.pick(&[1000, 1001, 1008, 1011, 4000]),
            reason: stream.pick(&["", "go away"]),
        },
        2 => What::Reset,
        3 => What::Vanish,
        4 => What::Push { size: (stream.between(10, 300) << (stream.below(2) * 8)) as usize },
        5 => What::Ask,
        6 => What::Garbage,
        _ => What::Violation,
    };
    PeerAction { at: stream.skewed_millis(40_000), what }
}

fn draw_flaw(rates: &Rates, stream: &mut Stream) -> Flaw {
    let fault = match stream.weighted(&[2, 2, 3, 2, 2, 1]) {
        0 => Fault::Reset,
        1 => Fault::Fin,
        2 => Fault::Stall(stream.between(1, 30_000)),
        3 => Fault::Drip,
        4 => Fault::Hole,
        _ => Fault::Flip,
    };
    let far = if rates.large > 10 { 200_000 } else { 4_000 };
    Flaw { up: stream.one_in(2), byte: stream.between(100, far), fault }
}

fn world(rates: &Rates, stream: &mut Stream) -> World {
    let bad = stream.percent(rates.bad_dial);
    let mut addresses = vec![Address::Good];
    if bad && stream.one_in(8) {
        addresses.clear();
    }
    for _ in 0..if bad { stream.below(3).max(u64::from(addresses.is_empty())) } else { 0 } {
        addresses
            .insert(stream.index(addresses.len() + 1), stream.pick(&[Address::Refuses, Address::Swallows]));
    }
    let upgrade = match bad && stream.one_in(3) {
        true => {
            stream.pick(&[Upgrade::Never, Upgrade::Status(403), Upgrade::Status(429), Upgrade::Status(503)])
        }
        false => Upgrade::After(stream.skewed_millis(200)),
    };
    let welcome = match bad && stream.one_in(3) {
        true => stream.pick(&[Welcome::Never, Welcome::Closes]),
        false => Welcome::After(stream.skewed_millis(100)),
    };
    World {
        numbers: draw_numbers(rates, stream),
        addresses,
        upgrade,
        welcome,
        keepalive_message: stream.one_in(4),
        probes: stream.one_in(2),
        on_live: stream.below(3) * stream.below(2),
        peer_pings: stream.one_in(3).then(|| stream.millis(500, 5_000)),
        stops_at: stream.pick(&[usize::MAX >> 4, 128, 128]),
        up: lane(rates, stream),
        down: lane(rates, stream),
        length: length(rates, stream),
        ending: stream.pick(&[Ending::Close, Ending::CloseAtRest, Ending::Drop]),
    }
}

/// It takes time for a flaw in a stream to show.
fn length(rates: &Rates, stream: &mut Stream) -> Duration {
    match rates.flaws > 0 && stream.one_in(2) {
        true => stream.millis(20_000, 120_000),
        false => Duration::from_millis(1) + stream.skewed_millis(60_000),
    }
}

fn draw_numbers(rates: &Rates, stream: &mut Stream) -> Numbers {
    let endless = if rates.endless { stream.between(1, 8) } else { 0 };
    let or_endless = |which: u64, time: Duration| if endless == which { Duration::MAX } else { time };
    let in_flight = if rates.crowd { stream.pick(&[16, 64, 128]) } else { stream.pick(&[1, 2, 4, 8, 64]) };
    Numbers {
        connect: or_endless(1, stream.millis(500, 10_000)),
        ping_interval: or_endless(2, stream.millis(300, 30_000)),
        ping_timeout: or_endless(3, stream.millis(300, 10_000)),
        silence: stream.one_in(4).then(|| or_endless(4, stream.millis(1_000, 60_000))),
        degraded: stream.one_in(2).then(|| or_endless(5, stream.millis(500, 30_000))),
        stuck: stream.one_in(2).then(|| or_endless(8, stream.millis(500, 60_000))),
        rate: stream.pick(&[NonZeroU64::MIN, FOUR_KIB, FOUR_KIB]),
        waiting_bytes: stream.pick(&[64 << 10, 64 << 20]),
        in_flight: NonZeroUsize::new(in_flight).unwrap_or(NonZeroUsize::MIN),
        waiting: if rates.crowd { 256 } else { stream.pick(&[0, 2, 16, 256]) },
        largest: stream.pick(&[32 << 10, 32 << 10, 64 << 20]),
        coalescing: stream.pick(&[1, 1 << 10, 128 << 10]),
        drain: or_endless(6, stream.skewed_millis(5_000)),
        close: or_endless(7, stream.skewed_millis(2_000)),
    }
}

fn lane(rates: &Rates, stream: &mut Stream) -> LanePlan {
    // Megabytes through a few hundred bytes at a time take seconds of real time.
    let least = if rates.crowd { 64 << 10 } else { 0 };
    LanePlan {
        capacity: stream.pick(&[512, 4 << 10, 64 << 10, 256 << 10]).max(least),
        latency: stream.pick(&[0, 0, 1, 40]),
        yields: stream.below(4) as u8,
        faults: Vec::new(),
    }
}

/// Slower than the slowest stream without a flaw.
const FOUR_KIB: NonZeroU64 = NonZeroU64::new(4 << 10).expect("4,096 is not zero");
