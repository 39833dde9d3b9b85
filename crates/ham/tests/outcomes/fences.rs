//! Fences: what they prove, and what they cannot.

use super::*;
use fake::words::{duplicate, no_function};
use ham::FenceError;

async fn connected() -> (Scripted, PersistentHam, AppLink) {
    let conductor = Scripted::start().await;
    let (ham, link) = conductor.connect(conductor.config()).await;
    (conductor, ham, link)
}

/// Begins a fence of a call and goes away once it has arrived.
async fn give_up_fence(ham: &PersistentHam, call: &SignedCall, link: &mut AppLink) -> Arrived {
    tokio::select! {
        fenced = ham.fence(call, None) => panic!("nobody answers: {fenced:?}"),
        fence = link.call() => fence,
    }
}

/// Row 7: the second fence met the first one's claim and took it for the call's.
#[tokio::test]
async fn a_fence_after_one_that_was_given_up_is_ambiguous_and_not_arrived() {
    let (_conductor, ham, mut link) = connected().await;
    let signed = prepare(&ham, "create").await;
    let mut seen = Nonces::default();
    let first = give_up_fence(&ham, &signed, &mut link).await;
    assert!(seen.claim(&first), "the call was never sent");
    assert_eq!(fenced(&ham, &signed, &mut link, &mut seen).await, Fenced::Ambiguous);
    assert_eq!(fenced(&ham, &signed.clone(), &mut link, &mut seen).await, Fenced::Ambiguous);
}

/// Row 7, for one that has no answer in time.
#[tokio::test]
async fn a_fence_after_one_that_timed_out_is_ambiguous_and_not_arrived() {
    let (_conductor, ham, mut link) = connected().await;
    let signed = prepare(&ham, "create").await;
    let mut seen = Nonces::default();
    let within = Duration::from_secs(5);
    let script = async {
        let fence = link.call().await;
        assert!(seen.claim(&fence));
        pass(within + Duration::from_secs(1)).await;
    };
    let (error, ()) = tokio::join!(ham.fence(&signed, Some(within)), script);
    let error = error.unwrap_err();
    assert!(matches!(error, FenceError::TimedOut { sent: true, .. }) && error.may_have_left(), "{error:?}");
    assert_eq!(fenced(&ham, &signed, &mut link, &mut seen).await, Fenced::Ambiguous);
}

/// The fence's own link is lost, and it goes on by itself.
#[tokio::test]
async fn a_fence_that_was_lost_with_its_link_does_not_take_its_own_claim_for_the_calls() {
    let (conductor, ham, link) = connected().await;
    let signed = prepare(&ham, "create").await;
    let script = async {
        conductor.cut(link, 1).await;
        let mut link = conductor.link().await;
        let again = link.call().await;
        link.refuse(&again, duplicate()).await;
        link
    };
    let (fenced, _link) = tokio::join!(ham.fence(&signed, None), script);
    assert_eq!(fenced.unwrap(), Fenced::Ambiguous);
}

/// The first fence never claimed anything, so the second does: what it proves holds.
#[tokio::test]
async fn a_fence_that_claims_the_nonce_proves_it_whatever_came_before() {
    let (_conductor, ham, mut link) = connected().await;
    let signed = prepare(&ham, "create").await;
    give_up_fence(&ham, &signed, &mut link).await;
    let mut seen = Nonces::default();
    assert_eq!(fenced(&ham, &signed, &mut link, &mut seen).await, Fenced::NeverRan);
}

/// Row 8: it was `Arrived` the second time, and the call "arrived" when it was sent.
#[tokio::test]
async fn a_call_that_never_ran_has_still_never_run_when_it_is_fenced_or_sent_again() {
    let (_conductor, ham, mut link) = connected().await;
    let signed = prepare(&ham, "create").await;
    let clone = signed.clone();
    let mut seen = Nonces::default();
    assert_eq!(fenced(&ham, &signed, &mut link, &mut seen).await, Fenced::NeverRan);
    for call in [&signed, &clone, &from_journal(&signed)] {
        assert!(call.is_fenced());
        assert_eq!(ham.fence(call, None).await.unwrap(), Fenced::NeverRan);
        let error = send(&ham, call, options()).await.unwrap_err();
        assert!(matches!(error, CallError::Fenced), "{error:?}");
        assert_eq!((error.outcome(), error.effect()), (Outcome::NotRun, ham::Effect::Nothing));
    }
    // Nothing of all that was sent.
    let script = async {
        let next = link.call().await;
        assert_eq!(next.function(), "next");
        link.answer(&next, "here").await;
    };
    let (next, ()) = tokio::join!(call(&ham, "next", options()), script);
    assert_eq!(next.unwrap(), "here");
}

/// Row 9: it could be read as the call's own error, and said that a call which ran had not.
#[tokio::test]
async fn a_fence_that_fails_says_nothing_about_the_call() {
    let (_conductor, ham, link) = connected().await;
    let signed = prepare(&ham, "create").await;
    drop(link);
    ham.close().await;
    let error: FenceError = ham.fence(&signed, None).await.unwrap_err();
    assert!(matches!(error, FenceError::Closed { sent: false }) && !error.may_have_left(), "{error:?}");
}

/// Two tasks fence one call: one claims the nonce, and the other meets that claim.
#[tokio::test]
async fn of_two_fences_at_a_time_none_takes_the_others_claim_for_the_calls() {
    for duplicate_first in [false, true] {
        let (_conductor, ham, mut link) = connected().await;
        let signed = prepare(&ham, "create").await;
        let clone = signed.clone();
        let script = async {
            let (one, other) = (link.call().await, link.call().await);
            if duplicate_first {
                link.refuse(&other, duplicate()).await;
                link.refuse(&one, no_function()).await;
            } else {
                link.refuse(&one, no_function()).await;
                link.refuse(&other, duplicate()).await;
            }
        };
        let (one, other, ()) = tokio::join!(ham.fence(&signed, None), ham.fence(&clone, None), script);
        let fenced = [one.unwrap(), other.unwrap()];
        assert!(fenced.contains(&Fenced::NeverRan) && !fenced.contains(&Fenced::Arrived), "{fenced:?}");
        assert_eq!(ham.fence(&signed, None).await.unwrap(), Fenced::NeverRan);
    }
}

/// The fence of another task may have claimed the nonce that the call meets.
#[tokio::test]
async fn a_call_that_meets_its_own_fence_has_not_arrived() {
    let (_conductor, ham, mut link) = connected().await;
    let signed = prepare(&ham, "create").await;
    give_up_fence(&ham, &signed, &mut link).await;
    let script = async {
        let arrived = link.call().await;
        link.refuse(&arrived, duplicate()).await;
    };
    let (sent, ()) = tokio::join!(send(&ham, &signed, options()), script);
    let error = sent.unwrap_err();
    assert!(matches!(error, CallError::Ambiguous { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

/// Row 11: it went on for as long as its deadline.
#[tokio::test]
async fn a_fence_ends_after_as_many_links_as_a_call() {
    for is_fence in [true, false] {
        let (conductor, ham, link) = connected().await;
        let signed = prepare(&ham, "create").await;
        let script = conductor.cut(link, MAX_RESUMES as usize + 1);
        if is_fence {
            let (fenced, _) = tokio::join!(ham.fence(&signed, None), script);
            let error = fenced.unwrap_err();
            assert!(matches!(error, FenceError::LinkLost { sent: true, .. }), "{error:?}");
        } else {
            let (sent, _) = tokio::join!(send(&ham, &signed, options()), script);
            let error = sent.unwrap_err();
            assert!(matches!(error, CallError::LinkLost { sent: true, .. }), "{error:?}");
        }
    }
}

/// A call of `init` claims no nonce: the fence would claim it and say that nothing ran.
#[tokio::test]
async fn a_call_of_init_cannot_be_fenced() {
    let (_conductor, ham, mut link) = connected().await;
    let signed = prepare(&ham, "init").await;
    let fencing = tokio::select! {
        fenced = ham.fence(&signed, None) => fenced,
        fence = link.next_call() => panic!("a fence was sent: {fence:?}"),
    };
    let error = fencing.unwrap_err();
    assert!(matches!(error, FenceError::Init) && !error.may_have_left(), "{error:?}");
}
