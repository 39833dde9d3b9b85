//! What every caller was told, and what the source chains say to that.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use ham::{CallError, Effect, Outcome};

use super::probe::Kind;
use super::report::Calls;

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

/// One call that ended.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) call_id: String,
    pub(super) kind: Kind,
    pub(super) ending: Ending,
    /// It was outstanding when its link was lost and ended on a later one.
    pub(super) resumed: bool,
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
    pub(super) fn close<T>(&self, call_id: String, kind: Kind, result: &Result<T, CallError>, resumed: bool) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = result {
            book.reason(&error.to_string());
        }
        book.records.push(Record { call_id, kind, ending: Ending::of(result), resumed });
    }

    /// Compares with what the chains hold: for each call id, on how many actions it is.
    pub(super) fn compare(&self, chain: &HashMap<String, u32>) -> Calls {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        Calls { reasons: book.reasons.clone(), ..compare(&book.records, chain) }
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
        offend(&mut calls, &call_id, "is on the chain and nobody called it");
    }
    calls
}

fn count(calls: &mut Calls, record: &Record, actions: u32) {
    let on_chain = actions > 0;
    calls.made += 1;
    *calls.functions.entry(record.kind.function().to_owned()).or_default() += 1;
    if actions > 1 {
        calls.ran_twice += 1;
        offend(calls, &record.call_id, "is on the chain more than once");
    }
    if on_chain && !record.kind.writes() {
        calls.failed_but_present += 1;
        offend(calls, &record.call_id, "fails by design and is on the chain");
    }
    match (record.ending, on_chain) {
        (Ending::Ok, _) => {
            calls.answered += 1;
            calls.resumed_and_answered += u32::from(record.resumed);
            if !on_chain {
                calls.acknowledged_but_missing += 1;
                offend(calls, &record.call_id, "was answered and is not on the chain");
            }
        }
        (Ending::Refused { nothing_written }, _) => {
            calls.refused += 1;
            calls.resumed_and_refused += u32::from(record.resumed);
            calls.writes_refused += u32::from(record.kind.writes());
            if on_chain && nothing_written {
                calls.refused_but_present += 1;
                offend(calls, &record.call_id, "was refused with nothing written and is on the chain");
            }
        }
        (Ending::NotRun, _) => {
            calls.not_run += 1;
            if on_chain {
                calls.not_run_but_present += 1;
                offend(calls, &record.call_id, "was declared not run and is on the chain");
            }
        }
        (Ending::Unknown, true) => calls.unknown_on_chain += 1,
        (Ending::Unknown, false) => calls.unknown_not_on_chain += 1,
        (Ending::Arrived, true) => calls.arrived_on_chain += 1,
        (Ending::Arrived, false) => calls.arrived_not_on_chain += 1,
    }
}

fn offend(calls: &mut Calls, call_id: &str, how: &str) {
    if calls.offenders.len() < MAX_OFFENDERS {
        calls.offenders.push(format!("{call_id} {how}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Ending = Ending::Refused { nothing_written: true };

    fn record(call_id: &str, kind: Kind, ending: Ending) -> Record {
        Record { call_id: call_id.to_owned(), kind, ending, resumed: call_id.starts_with("resumed") }
    }

    fn chain(ids: &[(&str, u32)]) -> HashMap<String, u32> {
        ids.iter().map(|(id, actions)| ((*id).to_owned(), *actions)).collect()
    }

    #[test]
    fn a_chain_that_agrees_has_no_offenders() {
        let records = [
            record("ok", Kind::Create, Ending::Ok),
            record("resumed", Kind::Slow { millis: 1 }, Ending::Ok),
            record("failed", Kind::CreateThenFail, REFUSED),
            record("not run", Kind::Create, Ending::NotRun),
            record("arrived", Kind::Create, Ending::Arrived),
            record("lost", Kind::Create, Ending::Arrived),
            record("unknown", Kind::Create, Ending::Unknown),
            record("gone", Kind::Fail, Ending::Unknown),
        ];
        let calls = compare(&records, &chain(&[("ok", 1), ("resumed", 1), ("arrived", 1), ("unknown", 1)]));
        assert_eq!((calls.made, calls.answered, calls.resumed_and_answered), (8, 2, 1));
        assert_eq!((calls.arrived_on_chain, calls.arrived_not_on_chain), (1, 1));
        assert_eq!((calls.unknown_on_chain, calls.unknown_not_on_chain, calls.not_run), (1, 1, 1));
        assert_eq!((calls.refused, calls.writes_refused), (1, 0));
        assert!(calls.offenders.is_empty(), "{:?}", calls.offenders);
    }

    #[test]
    fn every_lie_is_named() {
        let records = [
            record("twice", Kind::Create, Ending::Ok),
            record("missing", Kind::Create, Ending::Ok),
            record("ran", Kind::Create, Ending::NotRun),
            record("left over", Kind::CreateThenFail, REFUSED),
            record("refused", Kind::Create, REFUSED),
        ];
        let on_chain = chain(&[("twice", 2), ("ran", 1), ("left over", 1), ("refused", 1), ("stranger", 1)]);
        let calls = compare(&records, &on_chain);
        assert_eq!((calls.ran_twice, calls.acknowledged_but_missing, calls.not_run_but_present), (1, 1, 1));
        assert_eq!((calls.failed_but_present, calls.refused_but_present, calls.unclaimed), (1, 2, 1));
        assert_eq!(calls.offenders.len(), 7);
    }

    #[test]
    fn ids_are_unique_and_reasons_bounded() {
        let ledger = Ledger::new(255);
        assert_eq!([ledger.open(), ledger.open()], ["ff-1", "ff-2"]);
        for number in 0..100 {
            let error = CallError::Encode(format!("reason {number}"));
            ledger.close(ledger.open(), Kind::Fail, &Err::<(), _>(error), false);
        }
        let calls = ledger.compare(&HashMap::new());
        assert_eq!((calls.not_run, calls.reasons.len()), (100, MAX_REASONS + 1));
        assert_eq!(calls.reasons.values().sum::<u32>(), 100);
    }
}
