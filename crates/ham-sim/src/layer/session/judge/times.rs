//! I11: everything ends by its deadline.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::finding::Verdict;
use crate::layer::session::event::{CallResult, Entries, Happened};
use crate::layer::session::life::{Action, SessionLife};

pub(super) fn judge(life: &SessionLife, entries: &Entries, verdict: &mut Verdict) {
    let patience: BTreeMap<u64, Duration> = life
        .steps
        .iter()
        .filter_map(|(_, step)| match step.action {
            Action::Request(request) => Some((request.n, request.patience)),
            Action::Send { n, patience, .. } => Some((n, patience)),
            Action::Close => None,
        })
        .collect();
    let mut deadlines: BTreeMap<u64, Duration> = BTreeMap::new();
    let mut dial = Duration::MAX;
    let mut close = None;
    for entry in entries {
        let late = |by: Duration| entry.at > by.saturating_add(GRACE);
        match &entry.event {
            Happened::Dials => dial = entry.at.saturating_add(life.world.numbers.connect),
            Happened::Dialled { .. } if late(dial) => {
                verdict.find(
                    "I11-dial",
                    Some(entry.at),
                    format_args!("it was to end at {} ms", dial.as_millis()),
                );
            }
            Happened::Made { n, .. } => {
                let patience = patience.get(n).copied().unwrap_or(Duration::MAX);
                deadlines.insert(*n, entry.at.saturating_add(patience));
            }
            Happened::Told { n, what } => {
                let Some(by) = deadlines.get(n).copied() else { continue };
                if late(by) {
                    let words = format!("{n} was to be told at {} ms", by.as_millis());
                    verdict.find("I11-request", Some(entry.at), words);
                }
                if matches!(what, CallResult::TimedOut { .. }) && entry.at < by {
                    verdict.find(
                        "I11-early",
                        Some(entry.at),
                        format_args!("{n} had until {} ms", by.as_millis()),
                    );
                }
            }
            Happened::CloseCalled => {
                let numbers = life.world.numbers;
                let by = entry.at.saturating_add(numbers.drain).saturating_add(numbers.close);
                // The first call counts; one that comes after the end returns at once.
                close = Some(close.unwrap_or(by).max(entry.at));
            }
            Happened::CloseReturned => {
                if let Some(by) = close
                    && late(by)
                {
                    verdict.find(
                        "I11-close",
                        Some(entry.at),
                        format_args!("it was to end at {} ms", by.as_millis()),
                    );
                }
            }
            _ => {}
        }
    }
    let count = |of: fn(&Happened) -> bool| entries.iter().filter(|entry| of(&entry.event)).count();
    let called = count(|event| matches!(event, Happened::CloseCalled));
    let returned = count(|event| matches!(event, Happened::CloseReturned));
    if called != returned && close.is_some_and(|by| by < Duration::MAX) {
        verdict.find("I11-close", None, "close does not return");
    }
}

/// How much later than its deadline something may end.
const GRACE: Duration = Duration::from_millis(10);
