use super::*;
use crate::demo::call::{Call, Way};
use crate::demo::probe::Kind;
use crate::demo::told::Told;

const REFUSED: Ending = Ending::Refused { nothing_written: true };

fn record(call_id: &str, kind: Kind, told: &[Ending]) -> Record {
    made(call_id, Call::patient(kind), told)
}

fn made(call_id: &str, call: Call, told: &[Ending]) -> Record {
    let ending = Told { endings: told.to_vec(), ..Told::default() }.ending();
    let on_a_later_link = call_id.starts_with("resumed");
    Record { call_id: call_id.to_owned(), call, told: told.to_vec(), ending, on_a_later_link }
}

fn way(way: Way) -> Call {
    Call { way, ..Call::patient(Kind::Create) }
}

fn chain(ids: &[(&str, u32)]) -> HashMap<String, u32> {
    ids.iter().map(|(id, actions)| ((*id).to_owned(), *actions)).collect()
}

#[test]
fn a_chain_that_agrees_has_no_offenders() {
    let records = [
        record("ok", Kind::Create, &[Ending::Ok]),
        record("resumed", Kind::Slow { millis: 1 }, &[Ending::Ok]),
        record("failed", Kind::CreateThenFail, &[REFUSED]),
        record("not run", Kind::Create, &[Ending::NotRun]),
        record("arrived", Kind::Create, &[Ending::Arrived]),
        record("lost", Kind::Create, &[Ending::Arrived]),
        record("unknown", Kind::Create, &[Ending::Unknown]),
        record("gone", Kind::Fail, &[Ending::Unknown]),
    ];
    let calls = compare(&records, &chain(&[("ok", 1), ("resumed", 1), ("arrived", 1), ("unknown", 1)]));
    assert_eq!((calls.made, calls.answered, calls.answered_on_a_later_link), (8, 2, 1));
    assert_eq!((calls.arrived_on_chain, calls.arrived_not_on_chain), (1, 1));
    assert_eq!((calls.unknown_on_chain, calls.unknown_not_on_chain, calls.not_run), (1, 1, 1));
    assert_eq!((calls.refused, calls.writes_refused), (1, 0));
    assert!(calls.offenders.is_empty(), "{:?}", calls.offenders);
}

#[test]
fn every_way_that_agrees_has_no_offenders() {
    let records = [
        made("repeated", way(Way::REPEATED), &[Ending::Ok]),
        made("fenced away", way(Way::Fenced), &[Ending::Unknown, Ending::NotRun]),
        made("fenced late", way(Way::Fenced), &[Ending::Arrived, Ending::Arrived]),
        made("unsent", way(Way::FencedUnsent), &[Ending::NotRun, Ending::NotRun, Ending::NotRun]),
        made("ambiguous", way(Way::FencedUnsent), &[Ending::Unknown]),
        made("both", way(Way::TwoSenders), &[Ending::Ok, Ending::Arrived]),
        made("again", way(Way::Resumed), &[Ending::Unknown, Ending::Ok]),
    ];
    let calls = compare(&records, &chain(&[("repeated", 3), ("fenced late", 1), ("both", 1), ("again", 1)]));
    assert!(calls.offenders.is_empty(), "{:?}", calls.offenders);
    assert_eq!((calls.answered, calls.not_run, calls.unknown_not_on_chain), (3, 2, 1));
    assert_eq!(calls.ways["prepared, fenced unsent"], 2);
}

#[test]
fn every_lie_is_named() {
    let records = [
        record("twice", Kind::Create, &[Ending::Ok]),
        record("missing", Kind::Create, &[Ending::Ok]),
        record("ran", Kind::Create, &[Ending::NotRun]),
        record("left over", Kind::CreateThenFail, &[REFUSED]),
        record("refused", Kind::Create, &[REFUSED]),
    ];
    let on_chain = chain(&[("twice", 2), ("ran", 1), ("left over", 1), ("refused", 1), ("stranger", 1)]);
    let calls = compare(&records, &on_chain);
    assert_eq!((calls.ran_too_often, calls.acknowledged_but_missing, calls.not_run_but_present), (1, 1, 1));
    assert_eq!((calls.failed_but_present, calls.refused_but_present, calls.unclaimed), (1, 2, 1));
    assert_eq!(calls.offenders.len(), 7);
}

#[test]
fn every_lie_of_every_way_is_named() {
    let records = [
        made("four times", way(Way::REPEATED), &[Ending::Ok]),
        made("first word", way(Way::Fenced), &[Ending::NotRun, Ending::Unknown]),
        made("gave up", way(Way::TwoSenders), &[Ending::Ok, Ending::NotRun]),
        made("two words", way(Way::ResumedByFence), &[Ending::Arrived, Ending::NotRun]),
        made("by its own fence", way(Way::FencedUnsent), &[Ending::Arrived]),
        made("ran unsent", way(Way::FencedUnsent), &[Ending::Unknown]),
    ];
    let on_chain = chain(&[("four times", 4), ("first word", 1), ("gave up", 1), ("ran unsent", 1)]);
    let calls = compare(&records, &on_chain);
    assert_eq!((calls.ran_too_often, calls.not_run_but_present), (2, 2));
    assert_eq!((calls.contradicted, calls.arrived_but_never_sent), (2, 1));
    assert_eq!(calls.offenders.len(), 7, "{:?}", calls.offenders);
}
