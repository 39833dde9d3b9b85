//! The calls, by what their callers were told and by what is on the chain.

use std::collections::HashMap;

use super::lie::lies;
use super::record::Record;
use crate::demo::report::Calls;
use crate::demo::told::Ending;

/// Calls that the report names when they contradict the chain.
const MAX_OFFENDERS: usize = 20;

/// Counts the calls by what their callers were told and by what is on the chain.
pub(super) fn compare(records: &[Record], chain: &HashMap<String, u32>) -> Calls {
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
