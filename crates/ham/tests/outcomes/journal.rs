//! Calls that are read from a journal by a later process.

use super::*;
use fake::words::duplicate;

async fn journalled(begin_fence: bool) -> (Scripted, PersistentHam, AppLink, SignedCall) {
    let conductor = Scripted::start().await;
    let (ham, link) = conductor.connect(conductor.config()).await;
    let signed = prepare(&ham, "create").await;
    assert!(!signed.may_have_been_sent());
    if begin_fence {
        signed.begin_fence();
        assert!(!signed.may_have_been_sent(), "it is only noted");
    }
    let read = from_journal(&signed);
    assert!(read.may_have_been_sent(), "the process that wrote it may have sent it");
    (conductor, ham, link, read)
}

#[tokio::test]
async fn a_fence_that_was_announced_in_the_journal_may_have_claimed_the_nonce() {
    let (_conductor, ham, mut link, read) = journalled(true).await;
    let mut seen = Nonces::default();
    let burnt = async {
        let fence = link.call().await;
        assert!(seen.claim(&fence));
        link.refuse(&fence, duplicate()).await;
    };
    let (fence, ()) = tokio::join!(ham.fence(&read, None), burnt);
    assert_eq!(fence.unwrap(), Fenced::Ambiguous, "by the process before, or by the call");
    let script = async {
        let again = link.call().await;
        link.run(&again, &mut seen).await;
    };
    let (sent, ()) = tokio::join!(send(&ham, &read, options()), script);
    let error = sent.unwrap_err();
    assert!(matches!(error, CallError::Ambiguous { .. }), "{error:?}");
    let read = from_journal(&read);
    assert_eq!(fenced(&ham, &read, &mut link, &mut seen).await, Fenced::Ambiguous, "it stays so");
}

#[tokio::test]
async fn without_an_announced_fence_a_burnt_nonce_is_the_calls() {
    let (_conductor, ham, mut link, read) = journalled(false).await;
    let script = async {
        let fence = link.call().await;
        link.refuse(&fence, duplicate()).await;
    };
    let (fence, ()) = tokio::join!(ham.fence(&read, None), script);
    assert_eq!(fence.unwrap(), Fenced::Arrived);
    // A later one knows it, though two fences have left by then.
    let script = async {
        let fence = link.call().await;
        link.refuse(&fence, duplicate()).await;
    };
    let read = from_journal(&read);
    let (fence, ()) = tokio::join!(ham.fence(&read, None), script);
    assert_eq!(fence.unwrap(), Fenced::Arrived);
}

/// The process that wrote it may have sent it, so who cannot send it cannot say that it did not run.
#[tokio::test]
async fn a_call_from_a_journal_that_finds_no_link_may_have_run() {
    let (_conductor, ham, link, read) = journalled(false).await;
    drop(link);
    ham.close().await;
    let error = send(&ham, &read, options()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error:?}");
}
