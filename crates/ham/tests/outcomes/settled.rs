//! What a later sending is told, and what that says of an earlier one that was lost.

use holochain_conductor_api::ExternalApiWireError;

use super::*;
use fake::words::{duplicate, guest, internal, no_function, unauthorized};

/// How a call ends whose first sending was lost and whose second is refused in these words, and how often the hook was told.
async fn resumed(words: ExternalApiWireError) -> (CallError, usize) {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, link) = conductor.connect(config).await;
    let script = async {
        let lost = conductor.cut(link, 1).await;
        let mut link = conductor.link().await;
        let again = link.call().await;
        assert_eq!(again.nonce(), lost[0].nonce(), "the same bytes");
        link.refuse(&again, words).await;
        link
    };
    let (result, _link) = tokio::join!(call(&ham, "create", options()), script);
    (result.unwrap_err(), told.rest().len())
}

async fn is_unknown(words: ExternalApiWireError) {
    let (error, told) = resumed(words).await;
    assert_eq!((error.outcome(), told), (Outcome::Unknown, 1), "{error:?}");
    assert_eq!(error.effect(), ham::Effect::Unknown, "{error:?}");
}

/// Row 3, and everything else that is decided before the nonce or that no table knows.
#[tokio::test]
async fn what_was_decided_before_the_nonce_settles_no_earlier_sending() {
    for words in [
        "Conductor returned an error while using a ConductorApi: Init callback failed",
        "database is locked",
        "deadline has elapsed",
        "words of a later release",
        "ZomeError: Zome not found: zome",
    ] {
        is_unknown(internal(words)).await;
    }
    is_unknown(unauthorized("A reason of a later release")).await;
    is_unknown(unauthorized("BadNonce(\"Expired\")")).await;
    is_unknown(unauthorized("BadNonce(\"Future\")")).await;
    is_unknown(ExternalApiWireError::ZomeCallAuthenticationFailed(
        "Authentication failure. Bad signature".into(),
    ))
    .await;
}

/// Row 4: another conductor stands there now, which cannot read what the first one ran.
#[tokio::test]
async fn a_conductor_that_cannot_read_the_call_settles_no_earlier_sending() {
    is_unknown(ExternalApiWireError::Deserialization("Failed to deserialize request".into())).await;
}

/// A cell's `init` fails in the words of a function, and runs before the nonce. A client key's grant would say that it is over
/// (the kill test's rows of `fail` and `create_then_fail`); a keystore says nothing.
#[tokio::test]
async fn a_functions_failure_settles_nothing_where_it_may_be_that_of_init() {
    is_unknown(guest()).await;
    is_unknown(internal("Source chain error: InvalidCommit error: no")).await;
}

/// The nonce was free, so nothing of an earlier sending ran or will.
#[tokio::test]
async fn what_was_decided_after_the_nonce_settles_all_sendings() {
    for words in [no_function(), unauthorized("BadCapGrant")] {
        let (error, told) = resumed(words).await;
        assert_eq!((error.outcome(), told), (Outcome::Answered, 0), "{error:?}");
    }
}

#[tokio::test]
async fn a_duplicate_says_that_the_first_sending_arrived() {
    let (error, told) = resumed(duplicate()).await;
    assert!(matches!(error, CallError::Arrived { .. }), "{error:?}");
    assert_eq!(told, 1);
}

/// On its first sending, all of these are answers.
#[tokio::test]
async fn a_first_sending_that_is_refused_is_answered() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, mut link) = conductor.connect(config).await;
    for words in [guest(), internal("database is locked"), internal("words of a later release")] {
        let script = async {
            let first = link.call().await;
            link.refuse(&first, words).await;
        };
        let (result, ()) = tokio::join!(call(&ham, "create", options()), script);
        assert_eq!(result.unwrap_err().outcome(), Outcome::Answered);
    }
    assert!(told.rest().is_empty());
}

/// 0.6 remembers the last nonce only: sent again, the call could run twice.
#[tokio::test]
async fn a_conductor_that_forgets_nonces_is_not_sent_a_call_twice() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, link) = conductor.connect(config).await;
    let script = async {
        conductor.cut(link, 1).await;
        let mut link = conductor.link().await.forget_nonces();
        tokio::select! {
            again = link.next_call() => panic!("it was sent again: {again:?}"),
            lost = told.next() => (lost, link),
        }
    };
    let (result, (lost, mut link)) = tokio::join!(call(&ham, "create", options()), script);
    let error = result.unwrap_err();
    assert!(matches!(error, CallError::LinkLost { sent: true, .. }), "{error:?}");
    let fencing = tokio::select! {
        fenced = ham.fence(&lost.call, None) => fenced,
        fence = link.next_call() => panic!("a fence was sent: {fence:?}"),
    };
    assert!(matches!(fencing.unwrap_err(), ham::FenceError::UnsafeToRepeat { .. }));
}
