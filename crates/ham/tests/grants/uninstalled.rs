//! An app that is uninstalled under a call.

use std::sync::atomic::{AtomicBool, Ordering};

use ham::Outcome;

use super::*;

/// It was not sent, and the app is why.
#[track_caller]
fn gone(error: &CallError) {
    assert!(
        matches!(error, CallError::AppNotInstalled { app_id } if app_id == fake::APP)
            && error.outcome() == Outcome::NotRun,
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("no longer installed") && !text.contains("zome call"), "{text}");
}

/// It was told as an answer that is "not an answer to a zome call".
#[tokio::test]
async fn an_app_that_is_gone_is_named() {
    let installed = AtomicBool::new(true);
    let (fake, asked) = conductor(|_| None).await;
    served_while(&fake, || installed.load(Ordering::Relaxed), async {
        let ham = process(&fake, ClientKeySigning::default());
        ham.connected(TIMEOUT).await.unwrap();
        installed.store(false, Ordering::Relaxed);
        gone(&call(&ham, TIMEOUT).await);
        gone(&ham.app_info().await.unwrap_err());
    })
    .await;
    assert_eq!(count(&asked, GRANT), 0);
}

/// It was told as a signature that failed: `ham call` ended with 1 or 8 and advice about grants and keys.
#[tokio::test]
async fn an_app_that_goes_while_its_call_is_signed_is_named() {
    for amid in ["dump_state", GRANT] {
        let installed = Arc::new(AtomicBool::new(true));
        let going = installed.clone();
        let uninstalled = move |request: &str| {
            (request == amid).then(|| {
                going.store(false, Ordering::Relaxed);
                error("Conductor returned an error while using a ConductorApi: CellMissing(the cell)")
            })
        };
        let (fake, _) = conductor(uninstalled).await;
        served_while(&fake, || installed.load(Ordering::Relaxed), async {
            let ham = process(&fake, ClientKeySigning::default());
            gone(&call(&ham, TIMEOUT).await);
        })
        .await;
    }
}

/// It was told as credentials that could not be authorized.
#[tokio::test]
async fn an_app_that_goes_while_connecting_is_named() {
    let installed = Arc::new(AtomicBool::new(true));
    let going = installed.clone();
    let uninstalled = move |request: &str| {
        (request == GRANT).then(|| {
            going.store(false, Ordering::Relaxed);
            error("attempted to acquire a connection on a closed pool")
        })
    };
    let (fake, _) = conductor(uninstalled).await;
    served_while(&fake, || installed.load(Ordering::Relaxed), async {
        let error = ham::Ham::connect(fake.config()).await.unwrap_err();
        let call = error.downcast_ref::<CallError>().unwrap();
        gone(call.inner());
        let line = error.to_string();
        assert!(line.starts_with("Failed to reach the cell: the app `"), "{line}");
    })
    .await;
}
