//! Row of `releases.md`: a grant whose answer takes longer than the call may. The error names what it waited for.

use std::time::Duration;

use ham::{CallError, CallOptions, Outcome, PersistentHam, SigningError, SigningStep};
use ham_testkit::server::{Behaviour, Server, ServerEvent};
use ham_testkit::wait::pass;
use holochain_conductor_api::AdminRequest;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fake::{Fake, persistent, serve};

/// The step at which a call ends whose time is up.
async fn step(ham: &PersistentHam, within: Duration) -> SigningStep {
    let options = CallOptions::default().with_deadline(within);
    let error = ham.call_zome_with::<_, ()>("role", "zome", "function", (), options).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotRun);
    let CallError::Signing(SigningError::TimedOut { step, .. }) = &error else { panic!("{error:?}") };
    let text = format!("{:#}", anyhow::Error::from(error.clone()));
    assert!(text.contains(&step.to_string()) && !text.contains("keystore"), "{text}");
    *step
}

/// The same of a call whose time is up once this has begun, whatever this machine does until then.
async fn late(ham: &PersistentHam, begun: impl Future) -> SigningStep {
    let passing = async {
        begun.await;
        pass(WITHIN).await;
    };
    tokio::join!(step(ham, WITHIN), passing).0
}

/// Runs a test while the app interface serves one link.
async fn served(app: &Server, test: impl Future<Output = ()>) {
    let serving = async {
        let mut peer = app.next_peer().await.unwrap();
        serve(&mut peer).await;
    };
    tokio::select! {
        () = test => {}
        () = serving => unreachable!("serving ends with the link"),
    }
}

/// Longer than what comes before a step takes, and shorter than a grant takes to settle.
const WITHIN: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_grant_that_takes_too_long_is_named_and_no_keystore_is_blamed() {
    let writes = Arc::new(AtomicBool::new(true));
    let silent = writes.clone();
    let (asks, mut asked) = tokio::sync::mpsc::channel(16);
    let fake = Fake::silent(move |request| {
        let is_silent = match request {
            AdminRequest::GrantZomeCallCapability(_) => silent.load(Ordering::Relaxed),
            AdminRequest::ListCapabilityGrants { .. } => true,
            _ => false,
        };
        if is_silent {
            asks.try_send(()).unwrap();
        }
        is_silent
    })
    .await;
    let ham = persistent(fake.admin.address(), &fake.app);
    served(&fake.app, async {
        assert_eq!(late(&ham, asked.recv()).await, SigningStep::Grant);
        // The key is known now, so its grant is looked for.
        assert_eq!(late(&ham, asked.recv()).await, SigningStep::GrantLookUp);
        // Two at a time: the second waits for the first.
        let second = async {
            let second = late(&ham, asked.recv()).await;
            pass(WITHIN).await;
            second
        };
        let both = tokio::join!(step(&ham, WITHIN * 2), second);
        assert_eq!(both, (SigningStep::GrantLookUp, SigningStep::Turn));
    })
    .await;
}

#[tokio::test]
async fn a_closed_chain_check_that_takes_too_long_is_named() {
    let (asks, mut asked) = tokio::sync::mpsc::channel(16);
    let fake = Fake::silent(move |request| {
        let is_silent = matches!(request, AdminRequest::DumpState { .. });
        if is_silent {
            asks.try_send(()).unwrap();
        }
        is_silent
    })
    .await;
    let ham = persistent(fake.admin.address(), &fake.app);
    served(&fake.app, async { assert_eq!(late(&ham, asked.recv()).await, SigningStep::ClosedChainCheck) })
        .await;
}

#[tokio::test]
async fn a_dial_of_the_admin_interface_that_takes_too_long_is_named() {
    let admin = Server::start([Behaviour::NeverUpgrade]).await.unwrap();
    let app = Server::start([Behaviour::Driven]).await.unwrap();
    let ham = persistent(admin.address(), &app);
    let mut events = admin.events();
    let dialled = events.wait_for(|event| matches!(event, ServerEvent::Accepted { .. }));
    served(&app, async { assert_eq!(late(&ham, dialled).await, SigningStep::AdminDial) }).await;
}
