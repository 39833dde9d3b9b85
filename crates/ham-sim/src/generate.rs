//! Generates a life of `ham` from a seed.

use std::time::Duration;

use crate::dice::{Dice, Stream};
use crate::model::{CLONE, ROLES, Release, Trait};
use crate::plan::{Element, HamLife};
use crate::service::{Action, Called, Crash, Keys, Options, Policy, Role, Settings, Step};
use crate::swarm::Swarm;

mod world;

/// The most tasks that one process has, not counting those of a crowd.
pub(crate) const TASKS: usize = 4;
/// The tasks of a crowd: one that listens, and one that calls.
pub(crate) const OF_A_CROWD: usize = 2;
/// Calls of a crowd.
const CROWD: u32 = 200;

/// The life of a seed.
pub(crate) fn life(seed: u64) -> HamLife {
    let dice = Dice::new(seed);
    let swarm = Swarm::of(&dice);
    let mut stream = dice.stream("life", 0);
    let roles = stream.between(1, ROLES.len() as u64) as usize;
    let clones = stream.below(2) as usize;
    let processes = if swarm.calm { 1 } else { 1 + stream.weighted(&[6, 3, 1]) };
    let clocks_agree = swarm.calm || stream.percent(60);
    let skewed = |stream: &mut Stream| {
        let off = i64::try_from(stream.skewed_millis(90_000).as_millis()).unwrap_or(0);
        let signed = if stream.percent(50) { -off } else { off };
        if clocks_agree { 0 } else { signed }
    };
    let skew = skewed(&mut stream);
    let settings = (0..=processes).map(|_| Settings {
        max_in_flight: stream.pick(&[1, 2, 8, 96]),
        max_waiting: stream.pick(&[1, 8, 1024, 1024]),
        connect_timeout: stream.pick(&[Duration::from_secs(2), Duration::from_secs(10)]),
        skew_margin: stream.pick(&[Duration::ZERO, Duration::from_secs(5), Duration::from_secs(60)]),
        skew: skewed(&mut stream),
        budget: None,
    });
    let settings = settings.collect();
    let beginning = swarm.is_of_beginnings();
    let (calm, patient) = (swarm.calm, swarm.calm || swarm.is_poisoned());
    let mut drawn = Drawn { dice, calm, patient, roles, clones, calls: 0, elements: Vec::new() };
    for process in 0..processes {
        drawn.process(process, process + 1 < processes);
    }
    if !swarm.calm {
        drawn.world();
    }
    drawn.crowd();
    drawn.watchers(processes);
    let whole = drawn.elements.len();
    let life = HamLife {
        seed,
        release: match swarm.calm || stream.percent(70) {
            _ if drawn.dice.stream("release", 0).one_in(16) => Release::V0_6,
            true => Release::V0_7_1,
            false => stream.pick(&Release::LATER),
        },
        swarm,
        roles,
        clones,
        skew,
        keys: match stream.weighted(&[3, 5, 2]) {
            // Only with a keystore does no grant reveal that `init` is over.
            _ if beginning => Keys::Keystore,
            kind => [Keys::Memory, Keys::File, Keys::Keystore][kind],
        },
        settings,
        calls: drawn.calls,
        elements: std::mem::take(&mut drawn.elements).into_iter().enumerate().collect(),
        whole,
    };
    life.with_budget(drawn.dice.stream("budget", 0).percent(50))
}

struct Drawn {
    dice: Dice,
    calm: bool,
    patient: bool,
    roles: usize,
    clones: usize,
    calls: u32,
    elements: Vec<Element>,
}

impl Drawn {
    fn process(&mut self, process: usize, crashes: bool) {
        let mut stream = self.dice.stream("process", process as u64);
        let tasks = stream.between(1, TASKS as u64) as usize;
        for task in 0..tasks {
            let steps = stream.between(5, 16);
            for _ in 0..steps {
                let pause = if stream.percent(30) { Duration::ZERO } else { stream.skewed_millis(6_000) };
                let action = self.action();
                self.elements.push(Element::Step { process, task, step: Step { pause, action } });
            }
        }
        if crashes {
            let crash = Crash { after: stream.millis(1, 30_000), silent: stream.percent(30) };
            self.elements.push(Element::Crash { process, crash });
        }
    }

    fn action(&mut self) -> Action {
        let mut stream = self.dice.stream("step", self.elements.len() as u64);
        let stream = &mut stream;
        let role = self.role(stream);
        let deadline = self.deadline(stream);
        let does = self.does(stream);
        let resume = stream.percent(70);
        match stream.weighted(&[50, 6, 6, 12, 14, 8, 2, 3, 2, 2, 2, 4]) {
            0 => {
                let policy = match stream.weighted(&[20, 50, 30]) {
                    0 => Policy::FailFast,
                    1 => Policy::Resume,
                    _ => Policy::Repeat(stream.between(1, 3) as u32),
                };
                let size = stream.below(1 << stream.clone().between(1, 15)) as u32;
                let options = Options {
                    read_only: matches!(does, Trait::Read | Trait::Big) && stream.percent(50),
                    resume_for: (!self.calm && stream.percent(15)).then(|| stream.skewed_millis(10_000)),
                    nonce_life: (!self.calm && stream.percent(15)).then(|| stream.millis(1_000, 600_000)),
                };
                let called = Called { call: self.number(1), does, role, size };
                Action::Call { called, policy, deadline, options }
            }
            1 => {
                let after = stream.skewed_millis(8_000);
                let policy = if resume { Policy::Resume } else { Policy::FailFast };
                Action::GiveUp { call: self.number(1), does, role, policy, deadline, after }
            }
            2 => {
                let count = stream.between(2, 12) as u32;
                let size = stream.below(1 << stream.clone().between(1, 17)) as u32;
                Action::Burst { first: self.number(count), count, does, role, deadline, size }
            }
            3 => Action::Prepare { call: self.number(1), does, role, deadline },
            4 => Action::Send { choice: stream.bits(), resume, deadline },
            5 => {
                let after = stream.percent(40).then(|| stream.skewed_millis(4_000));
                Action::Fence { choice: stream.bits(), within: deadline, after }
            }
            6 => Action::Callable { role },
            7 => Action::WaitUntilCallable { role, within: deadline },
            8 => Action::Connected { within: deadline },
            9 => Action::Apps,
            10 => Action::Redial,
            _ => {
                let slow = if stream.percent(60) { Duration::ZERO } else { stream.skewed_millis(2_000) };
                Action::Listen { time: stream.millis(1_000, 20_000), slow }
            }
        }
    }

    /// In a few lives, more at once than windows, queues and streams hold.
    fn crowd(&mut self) {
        let mut stream = self.dice.stream("crowd", 0);
        let stream = &mut stream;
        if !stream.one_in(128) {
            return;
        }
        let role = self.role(stream);
        let slow = if stream.percent(50) { Duration::ZERO } else { stream.skewed_millis(200) };
        let listen = Action::Listen { time: stream.millis(5_000, 60_000), slow };
        let does = stream.pick(&[Trait::Write, Trait::Emit, Trait::Big]);
        let size = stream.between(10_000, 50_000) as u32;
        let deadline = self.deadline(stream);
        let burst = Action::Burst { first: self.number(CROWD), count: CROWD, does, role, deadline, size };
        for (task, action) in [(TASKS, listen), (TASKS + 1, burst)] {
            let step = Step { pause: stream.millis(1, 3_000), action };
            self.elements.push(Element::Step { process: 0, task, step });
        }
    }

    fn number(&mut self, count: u32) -> u32 {
        let first = self.calls;
        self.calls += count;
        first
    }

    fn role(&self, stream: &mut Stream) -> Role {
        match self.clones > 0 && stream.one_in(4) {
            true => CLONE,
            false => ROLES[stream.index(self.roles)],
        }
    }

    /// Most are long; short ones find what is late.
    fn deadline(&self, stream: &mut Stream) -> Duration {
        match stream.weighted(&[50, 35, 15]) {
            _ if self.patient => Duration::from_secs(120),
            0 => stream.millis(10_000, 60_000),
            1 => stream.millis(1_000, 10_000),
            _ => stream.millis(20, 1_000),
        }
    }

    fn does(&self, stream: &mut Stream) -> Trait {
        match stream.weighted(&[45, 15, 10, 8, 6, 4, 5, 3, 3, 2]) {
            0 => Trait::Write,
            1 => Trait::Read,
            2 => Trait::SlowWrite,
            3 => Trait::Fail,
            4 => Trait::Nested,
            5 => Trait::Emit,
            6 => Trait::Big,
            7 => Trait::Init,
            8 => Trait::NoFunction,
            _ => Trait::NoZome,
        }
    }

    /// The tasks that watch the state of the connection.
    fn watchers(&mut self, processes: usize) {
        for process in 0..processes {
            let mut stream = self.dice.stream("watch", process as u64);
            if stream.one_in(4) {
                let slow = if stream.percent(30) { Duration::ZERO } else { stream.skewed_millis(2_000) };
                let action = Action::Watch { time: stream.millis(1_000, 30_000), slow };
                let step = Step { pause: stream.skewed_millis(6_000), action };
                self.elements.push(Element::Step { process, task: TASKS - 1, step });
            }
        }
    }
}
