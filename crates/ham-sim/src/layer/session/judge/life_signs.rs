//! I14: a dead link ends, and a live one does not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::finding::Verdict;
use crate::history::Entry;
use crate::layer::session::event::{CallResult, Ended, Entries, Happened, PeerSent};
use crate::layer::session::life::{SessionLife, What};
use crate::net::Fault;

pub(super) fn judge(life: &SessionLife, entries: &Entries, verdict: &mut Verdict) {
    let end = entries.iter().find(|entry| matches!(entry.event, Happened::LinkEnded { .. }));
    let up = entries.iter().any(|entry| matches!(entry.event, Happened::Dialled { failed: None }));
    let (Some(end), true) = (end, up) else { return };
    if let Happened::LinkEnded { how: Ended::Silent { .. } } = &end.event {
        false_alarm(life, entries, end.at, verdict);
    }
    if end.event == (Happened::LinkEnded { how: Ended::Stuck })
        && abandoned(entries) < life.world.numbers.in_flight.get()
    {
        verdict.find("I14-false", Some(end.at), "taken for stuck, and there were places");
    }
    vanished(life, entries, end.at, verdict);
    // A bit flipped on the way turns a frame into another one.
    if !life.flaws(|fault| fault == Fault::Flip) {
        unheard(life, entries, end.at, verdict);
    }
}

/// For the whole bound, the peer must have withheld what would have been read.
fn false_alarm(life: &SessionLife, entries: &Entries, end: Duration, verdict: &mut Verdict) {
    let gone = life
        .peer_actions()
        .any(|action| matches!(action.what, What::Vanish | What::Reset | What::Close { .. }));
    if life.flaws(|_| true) || gone || life.world.numbers.silence.is_some() {
        return;
    }
    let trip = Duration::from_millis(2 * (life.world.up.latency + life.world.down.latency) + 5);
    let from = end.saturating_sub(life.world.numbers.ping_timeout).saturating_add(trip);
    let until = end.saturating_sub(trip);
    // The longest time in this window during which the peer read.
    let (mut reads, mut since, mut longest) = (true, Duration::ZERO, Duration::ZERO);
    for entry in entries {
        if let Happened::Reads { reads: now } = entry.event {
            if reads {
                longest = longest.max(entry.at.min(until).saturating_sub(since.max(from)));
            }
            (reads, since) = (now, entry.at);
        }
    }
    if reads {
        longest = longest.max(until.saturating_sub(since.max(from)));
    }
    if longest > trip {
        verdict.find("I14-false", Some(end), "taken for silent, and the peer was reading");
    }
}

/// How many requests with the peer nobody waits for any more.
fn abandoned(entries: &Entries) -> usize {
    let mut left = BTreeSet::new();
    for entry in entries {
        match entry.event {
            Happened::GaveUp { n } | Happened::Told { n, what: CallResult::TimedOut { sent: true } } => {
                left.insert(n);
            }
            Happened::Heard { what: PeerSent::Answer(n) } => {
                left.remove(&n);
            }
            _ => {}
        }
    }
    left.len()
}

/// A peer that has vanished is noticed.
fn vanished(life: &SessionLife, entries: &Entries, end: Duration, verdict: &mut Verdict) {
    let vanishes = |entry: &&Entry<Happened>| entry.event == Happened::PeerVanishes && entry.at <= end;
    let Some(gone) = entries.iter().find(vanishes) else { return };
    let numbers = life.world.numbers;
    // What is written meanwhile moves bytes, and the pong comes after them.
    let busy = |event: &Happened| {
        matches!(event, Happened::Made { .. } | Happened::PeerVanishes | Happened::CloseCalled)
    };
    let last =
        entries.iter().filter(|entry| entry.at <= end && busy(&entry.event)).map(|entry| entry.at).max();
    let by =
        last.unwrap_or(gone.at).saturating_add(numbers.ping_interval).saturating_add(numbers.ping_timeout);
    if end > by.saturating_add(GRACE) {
        verdict.find("I14-dead", Some(end), format_args!("the peer was gone at {} ms", gone.at.as_millis()));
    }
}

/// A frame that the peer has written arrives, or the link ends.
fn unheard(life: &SessionLife, entries: &Entries, end: Duration, verdict: &mut Verdict) {
    let mut last = Duration::ZERO;
    let mut written: BTreeMap<Key, Vec<Duration>> = BTreeMap::new();
    for entry in entries {
        match entry.event {
            Happened::Wrote { what } => written.entry(key(what)).or_default().push(entry.at),
            Happened::Heard { what } => {
                last = entry.at;
                if let Some(times) = written.get_mut(&key(what))
                    && !times.is_empty()
                {
                    times.remove(0);
                }
            }
            _ => {}
        }
    }
    let numbers = life.world.numbers;
    // Either the first byte comes or the peer is silent; then the whole message comes, or it is too slow.
    let patience = numbers.ping_interval.saturating_add(numbers.ping_timeout).saturating_mul(2);
    let longest = Duration::from_secs(numbers.largest as u64 / numbers.rate.get());
    let bound = patience.saturating_add(longest).saturating_add(SLOW);
    if let Some(since) = written.values().flatten().min().map(|since| last.max(*since))
        && end.saturating_sub(since) > bound
    {
        verdict.find(
            "I14-frame",
            Some(end),
            format_args!("a frame of {} ms never arrived", since.as_millis()),
        );
    }
}

type Key = (u8, u64);

fn key(sent: PeerSent) -> Key {
    match sent {
        PeerSent::Answer(n) => (0, n),
        PeerSent::Stray => (1, 0),
        PeerSent::Unreadable(n) => (2, n),
        PeerSent::Push => (3, 0),
        PeerSent::Ask => (4, 0),
        PeerSent::Garbage => (5, 0),
        PeerSent::Violation => (6, 0),
    }
}

const GRACE: Duration = Duration::from_millis(10);
/// What has left the peer is on the stream, so only the stream can delay it.
const SLOW: Duration = Duration::from_secs(5);
