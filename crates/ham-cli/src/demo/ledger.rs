//! What every caller was told, and what the source chains say to that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use ham::{CallError, Effect, Fenced, Outcome};

use super::load::Call;
use super::report::Calls;
use super::ways::Way;

/// Kinds of errors that the report names; more are counted together.
const MAX_REASONS: usize = 32;
/// As much of an error's text as tells its kind.
const REASON_LENGTH: usize = 64;
/// Calls that the report names when they contradict the chain.
const MAX_OFFENDERS: usize = 20;

/// What a caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Answered, and done.
    Ok,
    /// Answered with an error; whether that error proves that nothing was written.
    Refused { nothing_written: bool },
    /// Not run, and it never will.
    NotRun,
    /// Nothing is known.
    Unknown,
    /// The conductor had it; the answer was lost.
    Arrived,
}

impl Ending {
    pub(super) fn of<T>(result: &Result<T, CallError>) -> Self {
        let Err(error) = result else { return Self::Ok };
        match error.outcome() {
            Outcome::Answered => Self::Refused { nothing_written: error.effect() == Effect::Nothing },
            Outcome::NotRun => Self::NotRun,
            Outcome::Unknown => Self::Unknown,
            Outcome::Arrived { .. } => Self::Arrived,
        }
    }

    pub(super) fn is_answer(self) -> bool {
        matches!(self, Self::Ok | Self::Refused { .. })
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Ok => "answered",
            Self::Refused { .. } => "refused",
            Self::NotRun => "not run",
            Self::Unknown => "unknown",
            Self::Arrived => "arrived",
        }
    }
}

/// Everything that was told of one call, in the order of telling: by both its senders, by the process that came after, by fences.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    endings: Vec<Ending>,
    reasons: Vec<String>,
    fences: Vec<&'static str>,
}

impl Told {
    /// The end of a call.
    pub(super) fn hear<T>(&mut self, result: &Result<T, CallError>) {
        self.endings.push(Ending::of(result));
        self.reasons.extend(result.as_ref().err().map(ToString::to_string));
    }

    /// The end of a fence. One that failed tells nothing of the call.
    pub(super) fn hear_fence<E: std::fmt::Display>(&mut self, fenced: Result<Fenced, E>) {
        let (ending, shown) = match fenced {
            Ok(Fenced::NeverRan) => (Some(Ending::NotRun), "never ran"),
            Ok(Fenced::Arrived) => (Some(Ending::Arrived), "arrived"),
            Ok(Fenced::TooLate) => (Some(Ending::Unknown), "too late"),
            Ok(Fenced::Ambiguous) => (Some(Ending::Unknown), "ambiguous"),
            Ok(_) => (Some(Ending::Unknown), "something new"),
            Err(error) => {
                self.reasons.push(error.to_string());
                (None, "failed")
            }
        };
        self.endings.extend(ending);
        self.fences.push(shown);
    }

    /// What its caller goes by: an answer, if there was one, or else what was told last.
    pub(super) fn ending(&self) -> Ending {
        let answer = self.endings.iter().find(|ending| ending.is_answer());
        answer.or(self.endings.last()).copied().unwrap_or(Ending::Unknown)
    }
}

/// One call that ended.
#[derive(Clone, Debug)]
struct Record {
    call_id: String,
    call: Call,
    told: Vec<Ending>,
    ending: Ending,
    /// It began before the link was lost and ended on a later one.
    on_a_later_link: bool,
}

/// Every call of a demonstration. Its size is that of the options: one record a call.
#[derive(Debug)]
pub(super) struct Ledger {
    seed: u64,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    opened: u64,
    records: Vec<Record>,
    reasons: BTreeMap<String, u32>,
    fences: BTreeMap<String, u32>,
}

impl Ledger {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, book: Mutex::default() }
    }

    /// The id of one more call; no two are equal.
    pub(super) fn open(&self) -> String {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.opened += 1;
        format!("{:x}-{}", self.seed, book.opened)
    }

    /// Records what became of a call.
    pub(super) fn close(&self, call_id: String, call: Call, told: Told, on_a_later_link: bool) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let ending = told.ending();
        for reason in told.reasons {
            book.reason(&reason);
        }
        for fence in told.fences {
            *book.fences.entry(fence.to_owned()).or_default() += 1;
        }
        book.records.push(Record { call_id, call, told: told.endings, ending, on_a_later_link });
    }

    /// Compares with what the chains hold: for each call id, on how many actions it is.
    pub(super) fn compare(&self, chain: &HashMap<String, u32>) -> Calls {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let (reasons, fences) = (book.reasons.clone(), book.fences.clone());
        Calls { reasons, fences, ..compare(&book.records, chain) }
    }
}

impl Book {
    fn reason(&mut self, text: &str) {
        let kind: String = text.chars().take(REASON_LENGTH).collect();
        let room = self.reasons.len() < MAX_REASONS || self.reasons.contains_key(&kind);
        *self.reasons.entry(if room { kind } else { "other".to_owned() }).or_default() += 1;
    }
}

/// Counts the calls by what their callers were told and by what the chain holds.
fn compare(records: &[Record], chain: &HashMap<String, u32>) -> Calls {
    let mut calls = Calls::default();
    let mut left = chain.clone();
    for record in records {
        let actions = left.remove(&record.call_id).unwrap_or_default();
        count(&mut calls, record, actions);
    }
    for call_id in left.into_keys() {
        calls.unclaimed += 1;
        name(&mut calls, format!("{call_id} is on the chain and nobody called it"));
    }
    calls
}

fn count(calls: &mut Calls, record: &Record, actions: u32) {
    let on_chain = actions > 0;
    let (kind, way) = (record.call.kind, record.call.way);
    calls.made += 1;
    *calls.functions.entry(kind.function().to_owned()).or_default() += 1;
    *calls.ways.entry(way.label().to_owned()).or_default() += 1;
    if on_chain && !kind.writes() {
        calls.failed_but_present += 1;
        offend(calls, record, "fails by design and is on the chain");
    } else if actions > way.may_run() {
        calls.ran_too_often += 1;
        offend(calls, record, "is on the chain more often than it may run");
    }
    for lie in lies(record, on_chain) {
        *lie.counted(calls) += 1;
        offend(calls, record, lie.text());
    }
    match (record.ending, on_chain) {
        (Ending::Ok, _) => {
            calls.answered += 1;
            calls.answered_on_a_later_link += u32::from(record.on_a_later_link);
        }
        (Ending::Refused { .. }, _) => {
            calls.refused += 1;
            calls.refused_on_a_later_link += u32::from(record.on_a_later_link);
            calls.writes_refused += u32::from(kind.writes());
        }
        (Ending::NotRun, _) => calls.not_run += 1,
        (Ending::Unknown, true) => calls.unknown_on_chain += 1,
        (Ending::Unknown, false) => calls.unknown_not_on_chain += 1,
        (Ending::Arrived, true) => calls.arrived_on_chain += 1,
        (Ending::Arrived, false) => calls.arrived_not_on_chain += 1,
    }
}

/// Something untrue that was told of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lie {
    /// Answered, and not there.
    Missing,
    /// Refused with nothing written, and there.
    Written,
    /// Not run, and there.
    Ran,
    /// Not run by one word, arrived or answered by another.
    Contradicted,
    /// Arrived or answered, and never sent.
    NeverSent,
}

impl Lie {
    fn counted(self, calls: &mut Calls) -> &mut u32 {
        match self {
            Self::Missing => &mut calls.acknowledged_but_missing,
            Self::Written => &mut calls.refused_but_present,
            Self::Ran => &mut calls.not_run_but_present,
            Self::Contradicted => &mut calls.contradicted,
            Self::NeverSent => &mut calls.arrived_but_never_sent,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Missing => "was answered and is not on the chain",
            Self::Written => "was refused with nothing written and is on the chain",
            Self::Ran => "was declared not run and is on the chain",
            Self::Contradicted => "was declared not run and was told to have arrived as well",
            Self::NeverSent => "was told to have arrived and was never sent",
        }
    }
}

/// Every word counts, not only the last. Each kind of lie is named once a call.
fn lies(record: &Record, on_chain: bool) -> BTreeSet<Lie> {
    let arrived = |ending: &Ending| ending.is_answer() || *ending == Ending::Arrived;
    let mut lies = BTreeSet::new();
    for ending in &record.told {
        lies.extend(match (ending, on_chain) {
            (Ending::Ok, false) => Some(Lie::Missing),
            (Ending::Refused { nothing_written: true }, true) => Some(Lie::Written),
            (Ending::NotRun, true) => Some(Lie::Ran),
            _ => None,
        });
    }
    if record.told.contains(&Ending::NotRun) && record.told.iter().any(arrived) {
        lies.insert(Lie::Contradicted);
    }
    if record.call.way == Way::FencedUnsent && record.told.iter().any(arrived) {
        lies.insert(Lie::NeverSent);
    }
    lies
}

fn offend(calls: &mut Calls, record: &Record, how: &str) {
    let told: Vec<&str> = record.told.iter().map(|ending| ending.label()).collect();
    let (way, told) = (record.call.way.label(), told.join(", "));
    name(calls, format!("{} {how} ({way}; told: {told})", record.call_id));
}

fn name(calls: &mut Calls, offender: String) {
    if calls.offenders.len() < MAX_OFFENDERS {
        calls.offenders.push(offender);
    }
}

#[cfg(test)]
mod tests;
