use super::*;

#[test]
fn what_a_clone_sends_counts() {
    let (one, other) = (SendState::default(), SendState::default());
    let clone = one.clone();
    assert_eq!(clone.send(0, false), SendPermission::Granted);
    assert!(one.sent_beside(0) && one.may_have_left() && !clone.sent_beside(1));
    assert_eq!(one.send(0, false), SendPermission::Repeated);
    assert_eq!(one.send(0, true), SendPermission::Granted);
    assert!(!other.may_have_left());
}

#[test]
fn what_a_clone_is_about_to_send_counts_until_it_gives_up() {
    let state = SendState::default();
    let clone = state.clone();
    let one = state.sender();
    assert!(!state.sent_beside(0));
    let other = clone.sender();
    assert!(state.sent_beside(0) && clone.sent_beside(0) && !state.may_have_left());
    assert_eq!(state.send(0, false), SendPermission::Granted, "nothing has left yet");
    state.never_left();
    drop(other);
    assert!(!state.sent_beside(0));
    drop(one);
}

#[test]
fn a_sending_that_never_left_is_none_and_one_refused_before_the_nonce_cannot_run() {
    let state = SendState::default();
    state.send(0, false);
    state.never_left();
    assert!(!state.may_have_left() && !state.sent_beside(0));
    state.send(0, false);
    state.left_nonce_untouched();
    assert!(state.may_have_left() && !state.sent_beside(0));
    state.send(0, false);
    state.claimed();
    assert!(state.sent_beside(1), "what one was told is true of all");
}

#[test]
fn what_a_fence_claimed_stays_claimed() {
    let state = SendState::default();
    state.send_fence();
    assert_eq!(state.fence(), FenceState::Begun);
    state.fence_never_left();
    assert_eq!(state.fence(), FenceState::None);
    state.announce_fence();
    assert_eq!(state.fence(), FenceState::None, "none has left yet");
    state.settle_fence(FenceState::NeverRan);
    state.settle_fence(FenceState::Arrived);
    assert_eq!((state.fence(), state.send(0, true)), (FenceState::NeverRan, SendPermission::Fenced));
}

#[test]
fn who_reads_a_journal_cannot_tell_whether_an_announced_fence_left() {
    let state = SendState::default();
    let read = |state: &SendState| -> SendState {
        serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
    };
    assert_eq!(read(&state).fence(), FenceState::None);
    state.announce_fence();
    let read = read(&state);
    assert!(read.fence() == FenceState::Begun && read.fenced_beside(0) && read.sent_beside(0));
}
