use super::*;

#[test]
fn what_a_clone_sends_counts() {
    let (one, other) = (Traces::default(), Traces::default());
    let clone = one.clone();
    assert_eq!(clone.send(0, false), Leave::Granted);
    assert!(one.sent_beside(0) && one.may_have_left() && !clone.sent_beside(1));
    assert_eq!(one.send(0, false), Leave::Repeated);
    assert_eq!(one.send(0, true), Leave::Granted);
    assert!(!other.may_have_left());
}

#[test]
fn what_a_clone_is_about_to_send_counts_until_it_gives_up() {
    let traces = Traces::default();
    let clone = traces.clone();
    let one = traces.sender();
    assert!(!traces.sent_beside(0));
    let other = clone.sender();
    assert!(traces.sent_beside(0) && clone.sent_beside(0) && !traces.may_have_left());
    assert_eq!(traces.send(0, false), Leave::Granted, "nothing has left yet");
    traces.never_left();
    drop(other);
    assert!(!traces.sent_beside(0));
    drop(one);
}

#[test]
fn a_sending_that_never_left_is_none_and_one_refused_before_the_nonce_cannot_run() {
    let traces = Traces::default();
    traces.send(0, false);
    traces.never_left();
    assert!(!traces.may_have_left() && !traces.sent_beside(0));
    traces.send(0, false);
    traces.left_nonce_untouched();
    assert!(traces.may_have_left() && !traces.sent_beside(0));
    traces.send(0, false);
    traces.claimed();
    assert!(traces.sent_beside(1), "what one was told is true of all");
}

#[test]
fn what_a_fence_claimed_stays_claimed() {
    let traces = Traces::default();
    traces.send_fence();
    assert_eq!(traces.fence(), FenceTrace::Begun);
    traces.fence_never_left();
    assert_eq!(traces.fence(), FenceTrace::None);
    traces.announce_fence();
    assert_eq!(traces.fence(), FenceTrace::None, "none has left yet");
    traces.settle_fence(FenceTrace::NeverRan);
    traces.settle_fence(FenceTrace::Arrived);
    assert_eq!((traces.fence(), traces.send(0, true)), (FenceTrace::NeverRan, Leave::Fenced));
}

#[test]
fn who_reads_a_journal_cannot_tell_whether_an_announced_fence_left() {
    let traces = Traces::default();
    let read = |traces: &Traces| -> Traces {
        serde_json::from_str(&serde_json::to_string(traces).unwrap()).unwrap()
    };
    assert_eq!(read(&traces).fence(), FenceTrace::None);
    traces.announce_fence();
    let read = read(&traces);
    assert!(read.fence() == FenceTrace::Begun && read.fenced_beside(0) && read.sent_beside(0));
}
