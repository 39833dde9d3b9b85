//! Generates a life of a gateway from a seed.

use std::time::Duration;

use super::disk::Outage;
use super::life::{Asks, GatewayLife, Plan, Step};
use crate::dice::{Dice, Stream};
use crate::generate;
use crate::model::{ROLES, Trait};
use crate::plan::{Element, HamLife, WorldEvent};
use crate::service::{Called, Crash, Keys};

/// The life of a seed, in the world of the same seed's life of `ham`.
pub(super) fn life(seed: u64) -> GatewayLife {
    let dice = Dice::new(seed);
    let mut base: HamLife = generate::life(seed);
    // What a gateway promises holds as long as the conductor keeps its database and its apps.
    base.elements.retain(|(_, element)| match element {
        Element::World { event, .. } => {
            !matches!(event, WorldEvent::BackUp | WorldEvent::Reinstall | WorldEvent::CloseChain)
        }
        Element::Step { .. } | Element::Crash { .. } => false,
    });
    if base.keys == Keys::Memory {
        // A fence needs the key that signed.
        base.keys = Keys::File;
    }
    base.settings.iter_mut().for_each(|settings| settings.budget = None);
    let mut stream = dice.stream("gateway", 0);
    let stream = &mut stream;
    let calm = base.swarm.calm;
    let count = if calm { 1 } else { 1 + stream.weighted(&[3, 4, 3]) };
    let processes = (0..count).map(|_| Plan {
        crash: (!calm && stream.percent(70))
            .then(|| Crash { after: stream.millis(1, 30_000), silent: stream.percent(30) }),
        power: if !calm && stream.percent(40) { stream.between(2, 40) as usize } else { usize::MAX },
        outage: None,
        down: if stream.percent(15) { stream.millis(0, 3_600_000) } else { stream.skewed_millis(5_000) },
    });
    let mut processes: Vec<Plan> = processes.collect();
    let mut faults = dice.stream("faults", 0);
    for plan in processes.iter_mut().filter(|_| !calm) {
        plan.outage = faults.percent(40).then(|| Outage {
            after: faults.between(2, 30) as usize,
            many: faults.between(1, 6) as usize,
            forgets: faults.percent(50),
        });
    }
    let mut number = base.whole;
    let (mut calls, mut steps) = (0, Vec::new());
    for process in 0..count as u32 {
        let mut stream = dice.stream("clients", u64::from(process));
        let stream = &mut stream;
        let many = stream.between(3, 14);
        for _ in 0..many {
            let at = stream.skewed_millis(20_000);
            let asks = asks(stream, &mut calls, base.roles, calm);
            steps.push((number, Step { process, at, asks }));
            number += 1;
        }
    }
    base.calls = calls;
    GatewayLife {
        processes,
        steps,
        whole: number,
        linger: stream.skewed_millis(60_000),
        answer_within: stream.millis(1_000, 60_000),
        nonce_life: stream.millis(60_000, 900_000),
        lanes: stream.percent(80),
        base,
    }
}

fn asks(stream: &mut Stream, calls: &mut u32, roles: usize, calm: bool) -> Asks {
    let within = match stream.weighted(&[5, 3, 2]) {
        _ if calm => Duration::from_secs(120),
        0 => stream.millis(10_000, 60_000),
        1 => stream.millis(1_000, 10_000),
        _ => stream.millis(20, 1_000),
    };
    let does = match stream.weighted(&[60, 10, 15, 10, 5]) {
        0 => Trait::Write,
        1 => Trait::Read,
        2 => Trait::SlowWrite,
        3 => Trait::Fail,
        _ => Trait::Emit,
    };
    let role = ROLES[stream.index(roles)];
    let kind = stream.weighted(&[35, 25, 20, 6, 14]);
    if (2..4).contains(&kind) && *calls > 0 {
        return match kind {
            2 => Asks::Repeat { choice: stream.bits(), within },
            _ => Asks::Cancel { choice: stream.bits() },
        };
    }
    let called = Called { call: *calls, does, role, size: 0 };
    *calls += 1;
    match kind {
        4 => Asks::Direct { called, within },
        kind => {
            let background = kind == 1;
            let within = if background && !calm { stream.skewed_millis(3_600_000) } else { within };
            Asks::Submit { called, background, within }
        }
    }
}
