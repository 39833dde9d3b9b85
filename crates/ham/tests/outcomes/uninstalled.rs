//! An app that is uninstalled, or a clone that is deleted, under a call.

use ham::{Effect, RefusalCause};
use holochain_conductor_api::ExternalApiWireError;

use super::*;
use fake::words::{cell_missing, guest, internal};

/// The error of a call that is refused in these words once its app was uninstalled.
async fn uninstalled(words: impl Fn(&Arrived) -> ExternalApiWireError) -> CallError {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let script = async {
        let arrived = link.call().await;
        link.uninstall();
        link.refuse(&arrived, words(&arrived)).await;
        assert!(link.next_call().await.is_none(), "it is not made again");
    };
    let calling = async {
        let result = call(&ham, "create", options()).await;
        ham.close().await;
        result
    };
    tokio::join!(calling, script).0.unwrap_err()
}

/// It was told as a refusal, with advice about the zome and its payload.
#[tokio::test]
async fn a_call_that_comes_after_its_app_did_not_run() {
    let error = uninstalled(|call| cell_missing(&call.params.cell_id)).await;
    assert!(matches!(&error, CallError::AppNotInstalled { app_id } if app_id == fake::APP), "{error:?}");
    assert_eq!((error.outcome(), error.effect()), (Outcome::NotRun, Effect::Nothing));
}

/// The same: no release says in words of its own that the cell went away; an embedded conductor does.
#[tokio::test]
async fn a_call_that_ran_when_its_app_went_is_refused_for_that() {
    for (words, effect) in [
        ("The K2 Space uhC0k does not exist", Effect::Unknown),
        ("attempted to acquire a connection on a closed pool", Effect::Unknown),
        // Case: beside these words stood that something may have been written.
        ("The cell was removed while the call ran: nothing of it is left. CellId: c", Effect::Nothing),
    ] {
        let error = uninstalled(|_| internal(words)).await;
        let CallError::Refused { refusal, unsettled: false } = &error else { panic!("{error:?}") };
        assert_eq!((refusal.cause(), refusal.text()), (Some(RefusalCause::CellMissing), words));
        assert_eq!((error.outcome(), error.effect()), (Outcome::Answered, effect), "{error:?}");
    }
}

/// What else a refusal proves, it proves still.
#[tokio::test]
async fn what_a_zome_says_is_told_as_it_said_it() {
    let error = uninstalled(|_| guest()).await;
    let CallError::Refused { refusal, .. } = &error else { panic!("{error:?}") };
    assert_eq!(refusal.cause(), Some(RefusalCause::Function));
}

#[tokio::test]
async fn a_cell_that_goes_alone_is_named_and_one_that_is_there_is_not() {
    for (installation, cause) in [(2, Some(RefusalCause::CellMissing)), (1, None)] {
        let conductor = Scripted::start().await;
        let (ham, mut link) = conductor.connect(conductor.config()).await;
        let signed = prepare(&ham, "create").await;
        let script = async {
            let arrived = link.call().await;
            link.reinstall(installation);
            link.refuse(&arrived, internal("something else")).await;
            link.next_call().await
        };
        let calling = async {
            let result = send(&ham, &signed, options()).await;
            ham.close().await;
            result
        };
        let (result, _) = tokio::join!(calling, script);
        let CallError::Refused { refusal, .. } = result.unwrap_err() else { panic!("it was answered") };
        assert_eq!(refusal.cause(), cause);
    }
}

/// Its first sending may have run before the app went.
#[tokio::test]
async fn a_call_that_was_lost_before_its_app_went_is_of_unknown_outcome() {
    let conductor = Scripted::start().await;
    let (ham, link) = conductor.connect(conductor.config()).await;
    let script = async {
        conductor.cut(link, 1).await;
        let mut link = conductor.link().await;
        let again = link.call().await;
        link.uninstall();
        link.refuse(&again, cell_missing(&again.params.cell_id)).await;
        link.next_call().await
    };
    let calling = async {
        let result = call(&ham, "create", options()).await;
        ham.close().await;
        result
    };
    let (result, _) = tokio::join!(calling, script);
    assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
}
