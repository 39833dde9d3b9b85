//! An app that is uninstalled and installed again under its id, on the same link.

use ham::{GapCause, SignalItem};

use super::*;
use fake::words::cell_missing;

/// Row 13: every call by role was told that the cell is missing, until somebody asked for the app.
#[tokio::test]
async fn a_call_by_role_goes_to_the_new_cell_and_the_link_is_replaced() {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let mut signals = ham.signals();
    link.reinstall(2);
    let script = async {
        let old = link.call().await;
        link.refuse(&old, cell_missing(&old.params.cell_id)).await;
        assert!(link.next_call().await.is_none(), "signals of the new app come on newer links only");
        let mut next = conductor.link_of(2).await;
        let new = next.call().await;
        assert_ne!((old.params.cell_id, old.params.nonce), (new.params.cell_id.clone(), new.params.nonce));
        next.answer(&new, "here").await;
        next
    };
    let (answer, _link) = tokio::join!(call(&ham, "create", options()), script);
    assert_eq!(answer.unwrap(), "here");
    let gap = signals.next().await;
    assert!(matches!(gap, Some(SignalItem::Gap { cause: GapCause::LinkLost(_), .. })), "{gap:?}");
}

/// Let in before the app was installed anew, and told of the app after it: the link looked like one of the new app, and its
/// signals never came. Found by the simulation.
#[tokio::test]
async fn the_first_link_that_knows_of_the_new_app_is_replaced() {
    let conductor = Scripted::start().await;
    let (ham, link) = conductor.connect(conductor.config()).await;
    drop(link);
    let mut between = conductor.link_of(2).await;
    assert!(between.next_call().await.is_none(), "it may have been let in before");
    let mut next = conductor.link_of(2).await;
    let script = async {
        let new = next.call().await;
        next.answer(&new, "here").await;
    };
    let (answer, ()) = tokio::join!(call(&ham, "create", options()), script);
    assert_eq!(answer.unwrap(), "here");
}

/// Its cell is named, and that one is gone for good.
#[tokio::test]
async fn a_call_of_a_cell_that_is_gone_is_refused() {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let signed = prepare(&ham, "create").await;
    let cell = signed.cell_id().clone();
    link.reinstall(2);
    let script = async {
        for _ in 0..2 {
            let old = link.call().await;
            link.refuse(&old, cell_missing(&old.params.cell_id)).await;
        }
    };
    let calling = async {
        let named = ham.call_zome_with::<_, String>(cell, "zome", "create", (), options()).await;
        (named, send(&ham, &signed, options()).await)
    };
    let ((named, sent), ()) = tokio::join!(calling, script);
    for error in [named.unwrap_err(), sent.unwrap_err()] {
        assert!(matches!(error, CallError::Refused { unsettled: false, .. }), "{error:?}");
    }
}

/// The first sending may have run in the old cell, so the new one is not called.
#[tokio::test]
async fn a_call_that_may_have_run_in_the_old_cell_is_not_made_in_the_new_one() {
    let conductor = Scripted::start().await;
    let (ham, link) = conductor.connect(conductor.config()).await;
    let ended = tokio::sync::Notify::new();
    let script = async {
        conductor.cut(link, 1).await;
        let mut link = conductor.link().await;
        link.reinstall(2);
        let again = link.call().await;
        link.refuse(&again, cell_missing(&again.params.cell_id)).await;
        tokio::select! {
            call = link.next_call() => panic!("it was made again: {call:?}"),
            () = ended.notified() => {}
        }
    };
    let calling = async {
        let result = call(&ham, "create", options()).await;
        ended.notify_one();
        result
    };
    let (result, ()) = tokio::join!(calling, script);
    assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
}
