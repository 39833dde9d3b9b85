//! Calls that are signed anew when they are lost.

use super::*;

fn repeat(times: u32) -> CallOptions {
    options().with_policy(CallPolicy::Repeat { times })
}

/// Row 1: the hook got the second round's call with the first one's error, and its fence answered that nothing ever ran.
#[tokio::test]
async fn a_lost_round_is_told_with_its_own_call_and_one_that_never_left_is_not_told() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, mut link) = conductor.connect(config).await;
    let mut seen = Nonces::default();
    let script = async {
        let first = link.call().await;
        assert!(seen.claim(&first), "it runs");
        drop(link);
        let lost = told.next().await;
        // The second round is signed and waits for a link, which does not come.
        ham.close().await;
        (first, lost)
    };
    let (result, (first, lost)) = tokio::join!(call(&ham, "create", repeat(1)), script);
    assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
    assert_eq!((nonce(&lost.call), lost.outcome), (first.nonce(), Outcome::Unknown));
    assert!(told.rest().is_empty(), "what was never sent is never told");

    let (later, mut link) = conductor.connect(conductor.config()).await;
    assert_eq!(fenced(&later, &lost.call, &mut link, &mut seen).await, Fenced::Arrived);
}

/// Row 2: the hook heard of the last round only.
#[tokio::test]
async fn three_rounds_that_were_lost_are_told_with_three_calls() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, link) = conductor.connect(config).await;
    let (result, lost) = tokio::join!(call(&ham, "create", repeat(2)), conductor.cut(link, 3));
    assert!(matches!(result.unwrap_err(), CallError::LinkLost { sent: true, .. }));
    let lost = nonces(&lost);
    assert!(lost[0] != lost[1] && lost[1] != lost[2] && lost[0] != lost[2], "each is signed anew");
    let told: Vec<_> = told.rest().iter().map(|told| nonce(&told.call)).collect();
    assert_eq!(told, lost);
}

#[tokio::test]
async fn the_first_of_two_rounds_is_told_though_the_second_is_answered() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, link) = conductor.connect(config).await;
    let script = async {
        let lost = conductor.cut(link, 1).await;
        let mut link = conductor.link().await;
        let second = link.call().await;
        link.answer(&second, "done").await;
        (lost[0].nonce(), second.nonce(), link)
    };
    let (result, (first, second, _link)) = tokio::join!(call(&ham, "create", repeat(1)), script);
    assert_eq!(result.unwrap(), "done");
    assert_ne!(first, second);
    let told: Vec<_> = told.rest().iter().map(|told| nonce(&told.call)).collect();
    assert_eq!(told, [first]);
}

/// The refusal speaks of the second round alone; the first one may have run.
#[tokio::test]
async fn a_refused_round_does_not_settle_the_call_that_was_lost_before_it() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, link) = conductor.connect(config).await;
    let script = async {
        let lost = conductor.cut(link, 1).await;
        let mut link = conductor.link().await;
        let second = link.call().await;
        link.refuse(&second, fake::words::guest()).await;
        (lost[0].nonce(), link)
    };
    let (result, (first, _link)) = tokio::join!(call(&ham, "create", repeat(1)), script);
    let error = result.unwrap_err();
    assert!(matches!(error, CallError::Refused { unsettled: true, .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    let told: Vec<_> = told.rest().iter().map(|told| nonce(&told.call)).collect();
    assert_eq!(told, [first], "the second round was answered");
}

/// Its hook heard of the first round alone: whoever fenced that one took the write of the second for never done.
#[tokio::test]
async fn a_later_round_that_may_have_written_is_told_beside_the_lost_one() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, link) = conductor.connect(config).await;
    let script = async {
        let lost = conductor.cut(link, 1).await;
        let mut link = conductor.link().await;
        let second = link.call().await;
        link.refuse(&second, fake::words::internal("database disk image is malformed")).await;
        (lost[0].nonce(), second.nonce(), link)
    };
    let (result, (first, second, _link)) = tokio::join!(call(&ham, "create", repeat(1)), script);
    assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
    let told: Vec<_> = told.rest().iter().map(|told| (nonce(&told.call), told.outcome)).collect();
    assert_eq!(told, [(first, Outcome::Unknown), (second, Outcome::Answered)]);
}

/// The caller was unwound, and never heard of its call.
#[tokio::test]
async fn a_hook_that_panics_does_not_take_the_outcome_along() {
    let conductor = Scripted::start().await;
    let config = conductor.config().with_on_unknown(|_| panic!("the owner's mistake"));
    let (ham, link) = conductor.connect(config).await;
    let (result, _) = tokio::join!(call(&ham, "create", repeat(0)), conductor.cut(link, 1));
    assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn a_call_that_was_never_sent_is_never_told() {
    let conductor = Scripted::start().await;
    for policy in [CallPolicy::FailFast, CallPolicy::Resume, CallPolicy::IDEMPOTENT] {
        let (config, mut told) = Told::of(conductor.config());
        let (ham, link) = conductor.connect(config).await;
        let signed = prepare(&ham, "create").await;
        drop(link);
        let mut lost = ham.state();
        while matches!(lost.get(), ham::HamState::Live { .. }) {
            lost.changed().await;
        }
        let unsent = options().with_policy(policy);
        let (called, sent, ()) =
            tokio::join!(call(&ham, "create", unsent), send(&ham, &signed, unsent), ham.close());
        for error in [called.unwrap_err(), sent.unwrap_err()] {
            assert_eq!(error.outcome(), Outcome::NotRun, "{error:?}");
        }
        assert!(told.rest().is_empty() && !signed.may_have_been_sent());
    }
}
