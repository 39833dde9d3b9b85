//! Every state that a driver can bring a machine into, and the contract in each.

use std::collections::HashSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// A machine, and a driver that does what the real one does, one move at a time.
#[derive(Clone)]
struct Walk {
    machine: Machine<u8>,
    now: Instant,
    activity: Activity<u8>,
    /// Whether the activity has begun; an announcement is published at that moment.
    begun: bool,
    link: bool,
    /// Whether close was requested.
    close: bool,
    closes_after_link: bool,
    heard: Heard,
    over: bool,
}

/// What a subscriber has seen.
#[derive(Clone, Debug, Default)]
struct Heard {
    attempting: bool,
    connected: bool,
    /// `Connected`'s callback runs.
    greeting: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    Begin,
    /// The activity ends as it does when all goes well.
    Finish,
    /// It ends in another way: another address, a failed dial.
    Otherwise,
    FailForGood,
    LoseLink,
    Tell(Told),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Close,
    CloseAfterLink,
    RedialNow,
}

const MOVES: [Move; 8] = [
    Move::Begin,
    Move::Finish,
    Move::Otherwise,
    Move::FailForGood,
    Move::LoseLink,
    Move::Tell(Told::Close),
    Move::Tell(Told::CloseAfterLink),
    Move::Tell(Told::RedialNow),
];

impl Walk {
    fn new(config: Config, fail_first: bool) -> Self {
        let now = Instant::now();
        Self {
            machine: Machine::new(config, Randomness::NonRandom, fail_first, now),
            now,
            activity: Machine::<u8>::first_activity(),
            begun: false,
            link: false,
            close: false,
            closes_after_link: false,
            heard: Heard::default(),
            over: false,
        }
    }

    /// The input that this move makes, if a driver can make it now; the inner `None` is a move without input.
    fn input(&self, step: Move) -> Option<Option<Input<u8>>> {
        let dials = matches!(self.activity, Activity::ObtainAddress | Activity::Connect(_));
        let told = |input| Some(Some(input));
        match step {
            Move::Begin if !self.begun => Some(None),
            Move::Tell(Told::Close) if !self.close => told(self.command(Command::Close(Cause::CloseCalled))),
            Move::Tell(Told::CloseAfterLink) if !self.closes_after_link => {
                told(self.command(Command::CloseAfterLink))
            }
            Move::Tell(Told::RedialNow) => told(self.command(Command::RedialNow)),
            // What has not begun cannot end, and nobody watches the link.
            _ if !self.begun => None,
            Move::Finish => match &self.activity {
                Activity::Announce(_) | Activity::AnnounceLast(_) => told(Input::Announced),
                Activity::CloseLink => told(Input::LinkClosed),
                Activity::Connect(_) => told(Input::Dialed),
                Activity::ObtainAddress => told(Input::Address(1)),
                Activity::Wait(_) => told(Input::WaitOver),
                Activity::WatchLink => None,
            },
            Move::Otherwise if self.activity == Activity::ObtainAddress => told(Input::Address(2)),
            Move::Otherwise if dials => told(Input::AttemptFailed(failure("refused"))),
            Move::FailForGood if dials => told(Input::AttemptFailed(permanent_failure("wrong"))),
            Move::LoseLink if self.link => told(lost("reset")),
            Move::Begin | Move::Otherwise | Move::FailForGood | Move::LoseLink | Move::Tell(_) => None,
        }
    }

    fn make(&mut self, step: Move, input: Option<Input<u8>>) {
        match step {
            Move::Begin => self.begin(),
            Move::Tell(Told::Close) => self.close = true,
            Move::Tell(Told::CloseAfterLink) => self.closes_after_link = true,
            _ => {}
        }
        if let Some(input) = input {
            self.give(input);
        }
    }

    /// The moment at which subscribers hear of it.
    fn begin(&mut self) {
        self.begun = true;
        let (Activity::Announce(event) | Activity::AnnounceLast(event)) = &self.activity else { return };
        let last = matches!(self.activity, Activity::AnnounceLast(_));
        let heard = &mut self.heard;
        assert!(!heard.greeting, "{event:?} before the callback of Connected has finished");
        match event {
            Announcement::AttemptingToConnect => {
                assert!(!heard.connected && !heard.attempting);
                heard.attempting = true;
            }
            Announcement::ObtainedAddress(_) | Announcement::FailedToConnect => assert!(heard.attempting),
            Announcement::Connected => {
                assert!(heard.attempting && !heard.connected);
                *heard = Heard { attempting: false, connected: true, greeting: true };
            }
            Announcement::Disconnected => {
                assert!(heard.connected, "Disconnected without Connected");
                heard.connected = false;
            }
        }
        assert!(!last || !heard.connected);
    }

    fn give(&mut self, input: Input<u8>) {
        let was_closed = self.closed();
        let ended = !matches!(input, Input::Command { .. } | Input::LinkLost(_));
        if matches!(input, Input::Announced) {
            self.heard.greeting = false;
        }
        let step = self.machine.handle(self.now, input);
        for effect in &step.effects {
            match effect {
                Effect::TakeLink { .. } => {
                    assert!(!self.link);
                    self.link = true;
                }
                Effect::DropLink | Effect::RetireLink => self.link = false,
                Effect::SetState(_) => assert!(!was_closed),
                Effect::ReportFailure { .. } => assert!(!self.link),
            }
        }
        match step.next {
            Next::End => {
                assert!(self.closed() && !self.heard.connected, "a Connected without its Disconnected");
                self.over = true;
            }
            Next::Keep => assert!(!ended, "{:?} has ended and nothing follows", self.activity),
            Next::Start(next) => {
                if self.heard.greeting {
                    // Only an outright close drops a callback, and a dropped one has finished.
                    assert!(self.close, "the callback of Connected is dropped for {next:?}");
                    self.heard.greeting = false;
                }
                self.activity = next;
                self.begun = false;
            }
        }
    }

    fn wants_attempt(&self) -> bool {
        self.activity == Activity::ObtainAddress && !self.begun
    }

    fn command(&self, command: Command) -> Input<u8> {
        Input::Command { command, begun: self.begun }
    }

    fn closed(&self) -> bool {
        matches!(self.machine.phase, Phase::Closing(_) | Phase::LastWords)
    }

    /// What the future depends on, without times and numbers.
    fn key(&self) -> String {
        let Machine { phase, announced, last_address, last_failure, close_after_link, fail_first, .. } =
            &self.machine;
        let phase = format!("{phase:?}");
        let phase = phase.split("Pause {").next().unwrap_or_default();
        let activity = match &self.activity {
            Activity::Wait(_) => "Wait".to_owned(),
            activity => format!("{activity:?}"),
        };
        let mut key =
            format!("{phase} {announced} {last_address:?} {last_failure:?} {close_after_link} {fail_first}");
        let (begun, link, close, heard) = (self.begun, self.link, self.close, &self.heard);
        let _ = write!(key, " {activity} {begun} {link} {close} {} {heard:?}", self.closes_after_link);
        key
    }
}

fn configs() -> Vec<(Config, bool)> {
    let stops = Config::default().with_on_permanent(PermanentPolicy::Stop);
    [Config::default(), stops]
        .into_iter()
        .flat_map(|config| [(config.clone(), false), (config, true)])
        .collect()
}

/// Whatever happens in whatever order, in each state there is: `Connected` and `Disconnected` alternate, `Disconnected`
/// comes after the callback of `Connected` and never without it, an attempt belongs to an announced outage, and a closed
/// machine ends, with nothing after its last event.
#[test]
fn the_contract_holds_in_every_state_there_is() {
    let mut states = 0;
    for (config, fail_first) in configs() {
        let mut seen = HashSet::new();
        let start = Walk::new(config, fail_first);
        let mut open = vec![start];
        while let Some(walk) = open.pop() {
            for step in MOVES {
                // Before and after the pause is over.
                for passes in [0, 1000] {
                    let Some(input) = walk.input(step) else { continue };
                    let mut next = walk.clone();
                    next.now += seconds(passes);
                    next.make(step, input);
                    if !next.over && seen.insert(next.key()) {
                        open.push(next);
                    }
                }
            }
        }
        states += seen.len();
    }
    assert!(states > 1000, "only {states} states");
}

proptest! {
    /// The same on long walks, on which attempts must also keep their distance.
    #[test]
    fn the_contract_holds_on_long_ways(moves in prop::collection::vec((0..MOVES.len(), 0_u64..20), 1..400)) {
        let mut walk = Walk::new(Config::default(), false);
        let mut attempts: Vec<Instant> = Vec::new();
        for (number, passes) in moves {
            let step = MOVES[number];
            // Closing is the end, so it must be rare.
            if matches!(step, Move::Tell(Told::Close | Told::CloseAfterLink)) && passes > 0 {
                continue;
            }
            let Some(input) = walk.input(step) else { continue };
            walk.now += Duration::from_millis(passes);
            let wait = match (&step, &walk.activity) {
                (Move::Finish, Activity::Wait(until)) => walk.now.max(*until),
                _ => walk.now,
            };
            walk.now = wait;
            let wanted = walk.wants_attempt();
            walk.make(step, input);
            if walk.over {
                break;
            }
            if walk.wants_attempt() && !wanted {
                if let Some(last) = attempts.last().filter(|last| **last != walk.now) {
                    prop_assert!(walk.now - *last >= crate::config::DEFAULT_MIN_PAUSE);
                }
                attempts.push(walk.now);
            }
        }
    }
}
