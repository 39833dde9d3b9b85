//! What every caller was told, and what the source chains say about it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use comparison::compare;
use record::Record;

use super::call::Call;
use super::report::Calls;
use super::told::Told;

mod comparison;
mod lie;
mod record;

/// Kinds of errors that the report names; more are counted together.
const MAX_REASONS: usize = 32;
/// As much of an error's text as identifies its kind.
const REASON_LENGTH: usize = 64;

/// Every call of a demonstration. Its size follows from the options: one record per call.
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

    /// Records how a call ended.
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

    /// Compares this with the chains: how many actions each call id is on.
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

#[cfg(test)]
mod tests;
