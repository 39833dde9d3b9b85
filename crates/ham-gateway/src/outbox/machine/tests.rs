use proptest::prelude::*;

use super::*;

/// A call in the state that these inputs lead to.
fn at(mode: Mode, inputs: &[Input]) -> Record {
    let (mut record, _) = Record::accepted(mode);
    for input in inputs {
        record.step(*input).unwrap_or_else(|| panic!("{input:?} changes nothing in {:?}", record.state()));
    }
    record
}

const CANCELLED: Input = Input::Cancelled { sent: true };
const SENT: &[Input] = &[Input::Turn, Input::Signed];

#[test]
fn a_keyed_call_is_on_disk_before_it_is_sent() {
    let (mut record, step) = Record::accepted(Mode::Keyed);
    assert_eq!(step, Step { commit: None, action: Action::Sign });
    let step = record.step(Input::Signed).unwrap();
    assert_eq!(step, Step { commit: Some(Commit::Signed), action: Action::Send });
}

#[test]
fn a_fence_is_on_disk_before_it_leaves() {
    let mut record = at(Mode::Async, SENT);
    let step = record.step(Input::SendEnded(SendEnded::Unknown)).unwrap();
    let fence = Step { commit: Some(Commit::FenceBegun), action: Action::Fence(Duration::ZERO) };
    assert_eq!(step, fence);
    assert_eq!(Record::accepted(Mode::Direct).1, fence);
    assert_eq!(at(Mode::Keyed, &[Input::Signed]).step(CANCELLED), Some(fence));
}

#[test]
fn every_edge() {
    use Ending::{Answered, Arrived, NotRun, Unknown};
    let fencing = [Input::Turn, Input::Signed, Input::SendEnded(SendEnded::Unknown)];
    let not_run = |retryable| Input::SendEnded(SendEnded::NotRun { retryable });
    let rows: &[(Mode, &[Input], Input, State)] = &[
        (Mode::Async, &[], CANCELLED, State::Settled(NotRun)),
        (Mode::Async, SENT, Input::Cancelled { sent: false }, State::Settled(NotRun)),
        (Mode::Async, SENT, CANCELLED, State::Fencing),
        (Mode::Async, &[], Input::TimeOver, State::Settled(NotRun)),
        (Mode::Async, &[Input::Turn], Input::SignFailed { retryable: true }, State::Queued),
        (Mode::Async, &[Input::Turn], Input::SignFailed { retryable: false }, State::Settled(NotRun)),
        (Mode::Keyed, &[], Input::SignFailed { retryable: true }, State::Settled(NotRun)),
        (Mode::Async, SENT, Input::SendEnded(SendEnded::Answered), State::Settled(Answered)),
        (Mode::Async, SENT, Input::SendEnded(SendEnded::Arrived), State::Settled(Arrived)),
        (Mode::Async, SENT, Input::SendEnded(SendEnded::UnknownForGood), State::Settled(Unknown)),
        (Mode::Async, SENT, Input::SendEnded(SendEnded::Unknown), State::Fencing),
        (Mode::Async, SENT, not_run(true), State::Queued),
        (Mode::Async, SENT, not_run(false), State::Settled(NotRun)),
        (Mode::Keyed, SENT, not_run(true), State::Settled(NotRun)),
        (Mode::Async, SENT, Input::NonceExpired, State::Settled(Unknown)),
        (Mode::Async, &fencing, Input::FenceEnded(FenceEnded::NeverRan), State::Queued),
        (Mode::Keyed, &fencing, Input::FenceEnded(FenceEnded::NeverRan), State::Settled(NotRun)),
        (Mode::Async, &fencing, Input::FenceEnded(FenceEnded::Arrived), State::Settled(Arrived)),
        (Mode::Async, &fencing, Input::FenceEnded(FenceEnded::NobodyCanTell), State::Settled(Unknown)),
        (Mode::Async, &fencing, Input::FenceEnded(FenceEnded::Failed), State::Fencing),
        (Mode::Async, &fencing, Input::NonceExpired, State::Settled(Unknown)),
        (Mode::Async, SENT, Input::Recovered, State::Signed),
        (Mode::Async, &fencing, Input::Recovered, State::Fencing),
        (Mode::Async, &[], Input::Recovered, State::Queued),
    ];
    for (mode, inputs, last, state) in rows {
        // A keyed call needs no turn.
        let inputs = inputs.iter().filter(|input| *mode == Mode::Async || **input != Input::Turn);
        let mut record = at(*mode, &inputs.copied().collect::<Vec<_>>());
        assert!(record.step(*last).is_some(), "{mode:?} {last:?}");
        assert_eq!(record.state(), *state, "{mode:?} {last:?}");
    }
}

/// Case: a fence that failed was tried again every second for as long as the conductor was away.
#[test]
fn fences_in_vain_pause_longer_and_longer() {
    let mut record = at(Mode::Direct, &[]);
    let pauses = [1, 2, 4, 8].map(|seconds| Some(Step::only(Action::Fence(Duration::from_secs(seconds)))));
    assert_eq!([(); 4].map(|()| record.step(Input::FenceEnded(FenceEnded::Failed))), pauses);
}

#[test]
fn a_cancelled_call_is_not_made_again() {
    let mut record = at(Mode::Async, &[Input::Turn, Input::Signed, CANCELLED]);
    record.step(Input::FenceEnded(FenceEnded::NeverRan)).unwrap();
    assert_eq!(record.state(), State::Settled(Ending::NotRun));
}

#[test]
fn after_the_time_to_deliver_a_start_fences_what_a_sending_left() {
    let mut record = at(Mode::Async, SENT);
    assert_eq!(record.step(Input::TimeOver), None);
    let step = record.step(Input::Recovered).unwrap();
    assert_eq!(step.action, Action::Fence(Duration::ZERO));
    record.step(Input::FenceEnded(FenceEnded::NeverRan)).unwrap();
    assert_eq!(record.state(), State::Settled(Ending::NotRun));
}

#[test]
fn pauses_grow_to_a_bound() {
    let mut record = at(Mode::Async, &[]);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        record.step(Input::Turn).unwrap();
        let Action::WaitForTurn(pause) = record.step(Input::SignFailed { retryable: true }).unwrap().action
        else {
            panic!("it waits");
        };
        pauses.push(pause.as_secs());
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
}

fn inputs() -> impl Strategy<Value = Input> {
    let sent = prop_oneof![
        Just(SendEnded::Answered),
        Just(SendEnded::Arrived),
        any::<bool>().prop_map(|retryable| SendEnded::NotRun { retryable }),
        Just(SendEnded::Unknown),
        Just(SendEnded::UnknownForGood),
    ];
    let fenced = prop_oneof![
        Just(FenceEnded::NeverRan),
        Just(FenceEnded::Arrived),
        Just(FenceEnded::NobodyCanTell),
        Just(FenceEnded::Failed),
    ];
    prop_oneof![
        Just(Input::Turn),
        Just(Input::Signed),
        any::<bool>().prop_map(|retryable| Input::SignFailed { retryable }),
        sent.prop_map(Input::SendEnded),
        fenced.prop_map(Input::FenceEnded),
        any::<bool>().prop_map(|sent| Input::Cancelled { sent }),
        Just(Input::TimeOver),
        Just(Input::NonceExpired),
        Just(Input::Recovered),
    ]
}

proptest! {
    /// No order of inputs signs a call again unless the earlier nonce provably did not run and never will; nothing is
    /// done for a settled call; and everything that leaves is on disk first.
    #[test]
    fn nothing_is_signed_anew_without_a_proof(
        mode in prop_oneof![Just(Mode::Keyed), Just(Mode::Async), Just(Mode::Direct)],
        inputs in proptest::collection::vec(inputs(), 0..60),
    ) {
        let (mut record, first) = Record::accepted(mode);
        // A nonce whose call may still run, or may have run.
        let mut open = mode == Mode::Direct;
        let mut on_disk = first.commit;
        for input in inputs {
            let before = record;
            let Some(step) = record.step(input) else {
                prop_assert_eq!(record.state(), before.state());
                continue;
            };
            prop_assert!(!before.is_settled());
            let proof = matches!(
                input,
                Input::SendEnded(SendEnded::NotRun { .. })
                    | Input::FenceEnded(FenceEnded::NeverRan)
                    | Input::Cancelled { sent: false }
            );
            if proof {
                open = false;
            }
            if input == Input::Signed {
                prop_assert!(!open, "signed while an earlier nonce may have run");
                open = true;
            }
            if let Some(commit) = step.commit {
                on_disk = Some(commit);
            }
            match step.action {
                Action::Send => prop_assert_eq!(on_disk, Some(Commit::Signed)),
                Action::Fence(_) => prop_assert_eq!(on_disk, Some(Commit::FenceBegun)),
                Action::Sign | Action::WaitForTurn(_) => prop_assert!(!open),
                Action::End => prop_assert!(record.is_settled()),
            }
            if let State::Settled(Ending::NotRun) = record.state() {
                prop_assert!(!open, "told as not run without a proof");
            }
        }
    }
}
