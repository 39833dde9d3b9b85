//! The states that lives of a link are meant to reach.

use super::event::{CallResult, Ended, Happened, PeerReceived, PeerSent};
use super::life::SessionLife;
use super::world::Ending;
use crate::finding::Verdict;
use crate::history::Entry;
use crate::net::Fault;

pub(super) const STATES: &[&str] = &[
    "a dial that goes well",
    "a dial that times out",
    "a dial that is refused by a status",
    "a dial with nobody there",
    "a dial whose handshake fails",
    "a dial over several addresses",
    "a request answered",
    "a request that times out, not sent",
    "a request that times out, sent",
    "a request whose link is lost, not sent",
    "a request whose link is lost, sent",
    "a request refused: overloaded",
    "a request refused: too large",
    "a request refused: closing",
    "a send taken",
    "a send that times out",
    "a send whose link is lost",
    "a caller that goes away",
    "an answer for which nobody waits",
    "an unreadable frame",
    "a push",
    "a request of the peer, and our reply",
    "a probe",
    "a keepalive that is a message",
    "a full window",
    "the peer stops reading",
    "the peer reads again",
    "the peer stops reading because of what is in process",
    "a link closed by the peer",
    "a link reset",
    "a link taken for silent",
    "a link ended by a violation",
    "a link ended by a message that is too large",
    "a link ended by a message that is too slow",
    "a link that is stuck",
    "a link closed here",
    "a link dropped",
    "a close with requests outstanding",
    "a close while the peer does not read",
    "a peer that vanishes",
    "a stream that stalls",
    "a stream that drips",
    "a stream that swallows",
    "a stream with a turned bit",
];

pub(super) fn reach(life: &SessionLife, entries: &[Entry<Happened>], verdict: &mut Verdict) {
    let mut waiting = 0_i64;
    let mut reads = true;
    let mut sends = std::collections::BTreeSet::new();
    let mut process = std::collections::BTreeSet::new();
    for entry in entries {
        let state = match &entry.event {
            Happened::Dialled { failed } => Some(dialled(*failed)),
            Happened::Made { n, send } => {
                waiting += 1;
                if *send {
                    sends.insert(*n);
                }
                None
            }
            Happened::GaveUp { .. } => {
                waiting -= 1;
                Some("a caller that goes away")
            }
            Happened::Told { n, what } => {
                waiting -= 1;
                told(*what, sends.contains(n))
            }
            Happened::CloseCalled if !reads => Some("a close while the peer does not read"),
            Happened::CloseCalled if waiting > 0 => Some("a close with requests outstanding"),
            Happened::LinkEnded { how } => ended(how),
            Happened::Orphan { .. } => Some("an answer for which nobody waits"),
            Happened::Skipped => Some("an unreadable frame"),
            Happened::Pushed => Some("a push"),
            Happened::Received { what: PeerReceived::Reply } => Some("a request of the peer, and our reply"),
            Happened::Received { what: PeerReceived::Probe } => Some("a probe"),
            Happened::Received { what: PeerReceived::Keepalive } => Some("a keepalive that is a message"),
            Happened::Received { what: PeerReceived::Request(n) } => {
                process.insert(*n);
                (process.len() == life.world.numbers.in_flight.get()).then_some("a full window")
            }
            Happened::Wrote { what: PeerSent::Answer(n) } => {
                process.remove(n);
                None
            }
            Happened::Reads { reads: now } => {
                reads = *now;
                Some(match now {
                    true => "the peer reads again",
                    false if process.len() >= life.world.stops_at => {
                        "the peer stops reading because of what is in process"
                    }
                    false => "the peer stops reading",
                })
            }
            Happened::PeerVanishes => Some("a peer that vanishes"),
            _ => None,
        };
        if let Some(state) = state {
            verdict.reach(state);
        }
    }
    let up = entries.iter().any(|entry| entry.event == Happened::Dialled { failed: None });
    if up && life.world.ending == Ending::Drop {
        verdict.reach("a link dropped");
    }
    if life.world.addresses.len() > 1 {
        verdict.reach("a dial over several addresses");
    }
    for (_, flaw) in &life.flaws {
        match flaw.fault {
            Fault::Stall(_) => verdict.reach("a stream that stalls"),
            Fault::Drip => verdict.reach("a stream that drips"),
            Fault::Hole => verdict.reach("a stream that swallows"),
            Fault::Flip => verdict.reach("a stream with a turned bit"),
            Fault::Reset | Fault::Fin => {}
        }
    }
}

fn dialled(failed: Option<&'static str>) -> &'static str {
    match failed {
        None => "a dial that goes well",
        Some("refused") => "a dial that is refused by a status",
        Some("connect") => "a dial with nobody there",
        Some("timed out") => "a dial that times out",
        Some(_) => "a dial whose handshake fails",
    }
}

fn told(what: CallResult, send: bool) -> Option<&'static str> {
    Some(match (what, send) {
        (CallResult::Answer { .. }, _) => "a request answered",
        (CallResult::Taken, _) => "a send taken",
        (CallResult::TimedOut { .. }, true) => "a send that times out",
        (CallResult::TimedOut { sent: false }, false) => "a request that times out, not sent",
        (CallResult::TimedOut { sent: true }, false) => "a request that times out, sent",
        (CallResult::LinkLost { .. }, true) => "a send whose link is lost",
        (CallResult::LinkLost { sent: false }, false) => "a request whose link is lost, not sent",
        (CallResult::LinkLost { sent: true }, false) => "a request whose link is lost, sent",
        (CallResult::Overloaded, _) => "a request refused: overloaded",
        (CallResult::TooLarge, _) => "a request refused: too large",
        (CallResult::Draining, _) => "a request refused: closing",
        (CallResult::Other, _) => return None,
    })
}

fn ended(how: &Ended) -> Option<&'static str> {
    Some(match how {
        Ended::ByPeer { .. } => "a link closed by the peer",
        Ended::Lost => "a link reset",
        Ended::Silent { .. } => "a link taken for silent",
        Ended::Violation => "a link ended by a violation",
        Ended::TooLarge => "a link ended by a message that is too large",
        Ended::TooSlow => "a link ended by a message that is too slow",
        Ended::Stuck => "a link that is stuck",
        Ended::Here => "a link closed here",
        Ended::Other => return None,
    })
}
