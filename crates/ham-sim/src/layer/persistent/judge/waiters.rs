//! I12: a caller that waits for a link or an outcome gets it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::finding::Verdict;
use crate::layer::persistent::event::{Answer, Entries, Happened, Wait};
use crate::layer::persistent::life::Refusal;
use crate::layer::persistent::phase::Closing;

/// A time during which something was the case.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Duration,
    until: Duration,
}

/// What waiters may truthfully have been told.
#[derive(Debug, Default)]
struct Truth {
    /// For each link, when others could use it.
    links: BTreeMap<u64, Span>,
    failures: Vec<(Duration, Refusal)>,
    finished: Option<Duration>,
}

pub(super) fn judge(entries: &Entries, closing: Option<Closing>, verdict: &mut Verdict) {
    let truth = Truth::of(entries, closing);
    let mut waiting: BTreeMap<u64, (Wait, Duration)> = BTreeMap::new();
    for entry in entries {
        match entry.event {
            Happened::Waits { waiter, call } => drop(waiting.insert(waiter, (call, entry.at))),
            Happened::Told { waiter, what } => {
                let Some((call, since)) = waiting.remove(&waiter) else { continue };
                let span = Span { from: since, until: entry.at };
                if let Some(words) = truth.lie(call, what, span, closing) {
                    verdict.find(
                        "I12-waiter",
                        Some(entry.at),
                        format_args!("waiter {waiter} ({call:?}, {what:?}): {words}"),
                    );
                }
            }
            _ => {}
        }
    }
    if let Some((waiter, (call, _))) = waiting.first_key_value() {
        verdict.find("I12-waiter", None, format_args!("waiter {waiter} ({call:?}) was never told anything"));
    }
}

impl Truth {
    fn of(entries: &Entries, closing: Option<Closing>) -> Self {
        let mut truth = Self::default();
        for (index, entry) in entries.iter().enumerate() {
            match entry.event {
                Happened::Dialed { link: Ok(link), .. }
                    if closing.is_none_or(|closing| closing.index > index) =>
                {
                    let until = closing.map_or(Duration::MAX, |closing| closing.at);
                    truth.links.insert(link, Span { from: entry.at, until });
                }
                Happened::LinkLost { link } => {
                    if let Some(span) = truth.links.get_mut(&link) {
                        span.until = span.until.min(entry.at);
                    }
                }
                Happened::Dialed { link: Err(refusal), .. }
                | Happened::Address { place: Err(refusal), .. } => {
                    truth.failures.push((entry.at, refusal));
                }
                Happened::Finished => truth.finished = Some(entry.at),
                _ => {}
            }
        }
        truth
    }

    /// What is wrong with an answer.
    fn lie(&self, call: Wait, what: Answer, span: Span, closing: Option<Closing>) -> Option<String> {
        let closed = closing.map(|closing| closing.at);
        match what {
            Answer::Link(link) => match self.links.get(&link) {
                Some(up) if up.from <= span.until && up.until >= span.from => {
                    self.waited(call, span, up.from)
                }
                Some(_) | None => Some("that link was not up then".to_owned()),
            },
            Answer::Failed(refusal) => {
                // An outcome that was over before is not what was waited for.
                let told = |(at, one): &&(Duration, Refusal)| {
                    *one == refusal && *at >= span.from && *at <= span.until && *at + TICK >= span.until
                };
                let later = call == Wait::Spawned && self.links.values().any(|up| up.from <= span.until);
                match self.failures.iter().find(told) {
                    Some(_) if later => Some("the first attempt had not failed".to_owned()),
                    Some((at, _)) => self.waited(call, span, *at),
                    None => Some("no attempt failed so".to_owned()),
                }
            }
            Answer::Closed(_) => match closed {
                Some(at) if at <= span.until => self.waited(call, span, at),
                Some(_) | None => Some("it was not closed".to_owned()),
            },
            Answer::Done if call == Wait::Close => match self.finished {
                Some(at) if at + TICK >= span.until || span.from + TICK >= span.until => None,
                Some(at) => Some(format!("it was closed at {} ms", at.as_millis())),
                None => Some("it is not closed".to_owned()),
            },
            Answer::Done => None,
            Answer::GaveUp => self.waited(call, span, span.until),
        }
    }

    /// Whether a waiter should have been told something earlier.
    fn waited(&self, call: Wait, span: Span, of: Duration) -> Option<String> {
        let told = of.max(span.from);
        if span.until > told + TICK {
            return Some(format!("that was so at {} ms already", told.as_millis()));
        }
        // A link that ends within the millisecond may be skipped.
        let usable = self.links.values().find_map(|up| {
            let (from, until) = (up.from.max(span.from), up.until.min(span.until));
            (until > from + TICK).then_some(from)
        });
        let failed =
            self.failures.iter().map(|(at, _)| *at).find(|at| *at > span.from && *at + TICK < span.until);
        match (call, usable, failed) {
            (Wait::Connected | Wait::Outcome, Some(at), _) => {
                Some(format!("there was a link at {} ms", at.as_millis()))
            }
            (Wait::Outcome | Wait::Spawned, None, Some(at)) => {
                Some(format!("an attempt failed at {} ms", at.as_millis()))
            }
            _ => None,
        }
    }
}

const TICK: Duration = Duration::from_millis(1);
