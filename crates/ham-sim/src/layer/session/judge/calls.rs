//! I1, I4, I5, I12 and I13: what callers are told is true, comes once, and in order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::finding::Verdict;
use crate::layer::session::event::{CallResult, Entries, Happened, PeerReceived, PeerSent};
use crate::layer::session::life::{How, Request, SessionLife};
use crate::net::Fault;

pub(super) fn judge(life: &SessionLife, entries: &Entries, verdict: &mut Verdict) {
    // A bit flipped on the way turns a message into another one: nothing can be said about those then.
    if life.flaws(|fault| fault == Fault::Flip) {
        return;
    }
    let mut model = Model::default();
    for entry in entries {
        for (invariant, words) in model.see(life, entry.at, &entry.event) {
            verdict.find(invariant, Some(entry.at), words);
        }
    }
    // A caller without a deadline, on a link that nobody ends, waits for ever.
    for (n, _) in model.waiting.iter().filter(|(_, until)| model.ended || **until < Duration::MAX) {
        verdict.find("I5-told", None, format_args!("{n} was never told anything"));
    }
    for n in model.not_sent.intersection(&model.received) {
        verdict.find("I1", None, format_args!("{n} was told that it was not sent, and the peer got it"));
    }
    calm(life, entries, verdict);
}

#[derive(Default)]
struct Model {
    /// And until when they wait.
    waiting: BTreeMap<u64, Duration>,
    received: BTreeSet<u64>,
    not_sent: BTreeSet<u64>,
    /// With the peer, and not answered.
    in_process: BTreeSet<u64>,
    /// Answers that came while their callers waited, but were handed to nobody.
    lost: BTreeMap<u64, Duration>,
    /// How many answers the peer has written.
    wrote: BTreeMap<u64, u32>,
    heard: BTreeMap<u64, u32>,
    too_many: bool,
    closing: bool,
    ended: bool,
}

type Wrong = (&'static str, String);

impl Model {
    fn see(&mut self, life: &SessionLife, at: Duration, event: &Happened) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        match event {
            Happened::Made { n, .. } => {
                let patience = life.request(*n).map_or(Duration::MAX, |request| request.patience);
                self.waiting.insert(*n, at.saturating_add(patience));
            }
            Happened::GaveUp { n } => drop(self.waiting.remove(n)),
            Happened::CloseCalled | Happened::HandleDropped => self.closing = true,
            Happened::LinkEnded { .. } => self.ended = true,
            Happened::Told { n, what } => {
                self.waiting.remove(n);
                // A caller that was told in that very millisecond but has not run yet no longer waits.
                if self.lost.remove(n).is_some_and(|lost| lost < at) {
                    wrong.push((
                        "I4",
                        format!("the answer to {n} was handed to nobody, and its caller waited"),
                    ));
                }
                wrong.extend(
                    self.told(*n, *what).map(|words| ("I4", format!("{n} is told {what:?}: {words}"))),
                );
            }
            Happened::Received { what: PeerReceived::Request(n) } => {
                if !self.received.insert(*n) {
                    wrong.push(("I5", format!("the peer got {n} twice")));
                }
                self.in_process.insert(*n);
                let most = life.world.numbers.in_flight.get();
                if self.in_process.len() > most && !self.too_many {
                    self.too_many = true;
                    let words = format!("{} are with the peer, {most} may be", self.in_process.len());
                    wrong.push(("I13", words));
                }
            }
            Happened::Received { what: PeerReceived::Send(n) } if !self.received.insert(*n) => {
                wrong.push(("I5", format!("the peer got {n} twice")));
            }
            Happened::Wrote { what: PeerSent::Answer(n) } => {
                self.in_process.remove(n);
                *self.wrote.entry(*n).or_default() += 1;
            }
            Happened::Heard { what: PeerSent::Answer(n) } => *self.heard.entry(*n).or_default() += 1,
            Happened::Orphan { n } => {
                let first = self.heard.get(n).is_some_and(|times| *times == 1);
                if first && self.waiting.contains_key(n) {
                    self.lost.insert(*n, at);
                }
            }
            _ => {}
        }
        wrong
    }

    fn told(&mut self, n: u64, what: CallResult) -> Option<String> {
        if what.says_not_sent() {
            self.not_sent.insert(n);
        }
        match what {
            CallResult::Answer { right: false } => Some("it is the answer to something else".to_owned()),
            CallResult::Answer { right: true } if !self.heard.contains_key(&n) => {
                Some("no such answer came".to_owned())
            }
            CallResult::Draining if !self.closing => Some("nobody closes it".to_owned()),
            CallResult::Other => Some("the configuration is valid".to_owned()),
            _ => None,
        }
    }
}

/// I12: if nothing is wrong, every request is answered.
fn calm(life: &SessionLife, entries: &Entries, verdict: &mut Verdict) {
    let requests: Vec<Request> = life.steps.iter().filter_map(|(_, step)| step.request()).collect();
    let bytes: usize = requests.iter().map(|request| request.size + request.answer.size).sum();
    let roomy = requests.len() <= life.world.numbers.in_flight.get() && life.steps.len() == requests.len();
    if !life.is_calm() || !roomy || bytes > 16 << 10 {
        return;
    }
    let ends = |event: &Happened| matches!(event, Happened::CloseCalled | Happened::LinkEnded { .. });
    let end = entries.iter().find(|entry| ends(&entry.event)).map_or(Duration::MAX, |entry| entry.at);
    let mut made: BTreeMap<u64, Duration> = BTreeMap::new();
    for entry in entries {
        match entry.event {
            Happened::Made { n, .. } => drop(made.insert(n, entry.at)),
            Happened::Told { n, what } if !matches!(what, CallResult::Answer { right: true }) => {
                let Some((request, at)) = life.request(n).zip(made.get(&n)) else { continue };
                let answered = at.saturating_add(request.answer.after).saturating_add(EASY);
                let patient = at.saturating_add(request.patience) >= answered;
                if patient && end >= answered && request.answer.how == How::Once {
                    verdict.find("I12", Some(entry.at), format_args!("{n} is told {what:?} in a calm life"));
                }
            }
            _ => {}
        }
    }
}

/// Longer than a few small messages take on the slowest stream.
const EASY: Duration = Duration::from_secs(5);
