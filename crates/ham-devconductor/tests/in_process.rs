//! The conductor in this process: what a test does to it, seen by the client that people use.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::error::Error;
use std::time::Duration;

use ham_devconductor::{
    AttachError, Config, DevConductor, Event, FailureKind, InstallError, Outcome, Payload, Phase, StartError,
    ViewError, Watch,
};
use holo_hash::ActionHash;
use holochain_client::{AdminWebsocket, AppWebsocket, ConductorApiError, ExternIO, ZomeCallTarget};
use holochain_types::prelude::Timestamp;
use holochain_types::signal::Signal;
use serde_json::json;
use support::{admin, authorize, connect_to};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Running into it means a hang.
const BOUND: Duration = Duration::from_secs(60);

fn bundle() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe.happ")).unwrap()
}

/// An app on a conductor, with a client whose calls are authorized.
struct App {
    client: AppWebsocket,
    signals: mpsc::Receiver<Signal>,
}

impl App {
    async fn connect(conductor: &DevConductor, app: &str) -> Self {
        let admin = admin(conductor).await;
        let port = conductor.attach_app_interface(0).await.unwrap();
        let (client, signer) = connect_to(&admin, app, port).await;
        for cell in client.cached_app_info().cell_info.values().flatten() {
            let holochain_client::CellInfo::Provisioned(cell) = cell else { continue };
            authorize(&admin, &signer, &cell.cell_id).await;
        }
        let (sender, signals) = mpsc::channel(64);
        client.on_signal(move |signal| drop(sender.try_send(signal))).await;
        Self { client, signals }
    }

    async fn ask(&self, function: &str, input: ExternIO) -> Result<ExternIO, ConductorApiError> {
        let target = ZomeCallTarget::RoleName("probe".to_owned());
        timeout(BOUND, self.client.call_zome(target, "probe".into(), function.into(), input)).await.unwrap()
    }

    async fn call<O: serde::de::DeserializeOwned + std::fmt::Debug>(
        &self,
        function: &str,
        input: impl serde::Serialize + std::fmt::Debug,
    ) -> O {
        self.ask(function, ExternIO::encode(input).unwrap()).await.unwrap().decode().unwrap()
    }

    async fn create(&self, call_id: &str) {
        self.call::<ActionHash>("create_item", json!({ "call_id": call_id, "body": "b" })).await;
    }

    async fn count(&self) -> usize {
        self.call("count_items", ()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_installed_and_called() {
    let conductor = DevConductor::start().await.unwrap();
    assert!(conductor.is_temporary());
    let id = conductor.install(bundle(), None).await.unwrap();
    let mut app = App::connect(&conductor, &id).await;
    assert_eq!(app.call::<String>("echo_text", "hello").await, "hello");
    app.create("one").await;
    assert_eq!(app.count().await, 1);
    let signal = timeout(BOUND, app.signals.recv()).await.unwrap().unwrap();
    assert!(matches!(signal, Signal::App { .. }), "{signal:?}");
    // Installing what is installed changes nothing.
    for named in [None, Some(id.clone())] {
        assert_eq!(conductor.install(bundle(), named).await.unwrap(), id);
    }
    assert_eq!(app.count().await, 1);
    timeout(BOUND, conductor.shut_down()).await.unwrap();
    app.ask("echo_text", ExternIO::encode("gone").unwrap()).await.unwrap_err();
}

/// They were texts, but for `StartError`, which said its cause twice.
#[tokio::test(flavor = "multi_thread")]
async fn errors_are_typed_and_say_their_cause_once() {
    let conductor = DevConductor::start().await.unwrap();
    let install = conductor.install(b"not a bundle".to_vec(), None).await.unwrap_err();
    assert!(matches!(install, InstallError::Bundle { .. }), "{install:?}");
    let taken = conductor.admin_port();
    let attach = conductor.attach_app_interface(taken).await.unwrap_err();
    assert!(matches!(attach, AttachError::Port { port, .. } if port == taken), "{attach:?}");
    let start = DevConductor::start_with(Config::default().with_admin_port(taken)).await.unwrap_err();
    assert!(matches!(start, StartError::Port { port, .. } if port == taken), "{start:?}");
    for error in [&install as &dyn Error, &attach, &start] {
        let cause = error.source().expect("a cause").to_string();
        assert!(!error.to_string().contains(&cause), "{error}: {cause}");
    }
    timeout(BOUND, conductor.shut_down()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_directory_is_one_conductors_and_survives_it() {
    let directory = tempfile::tempdir().unwrap();
    let config = || Config::default().with_data(directory.path());
    let conductor = DevConductor::start_with(config()).await.unwrap();
    let id = conductor.install(bundle(), None).await.unwrap();
    let app = App::connect(&conductor, &id).await;
    app.create("kept").await;
    assert!(matches!(DevConductor::start_with(config()).await, Err(StartError::InUse(_))));
    let port = conductor.admin_port();
    let conductor = timeout(BOUND, conductor.restart()).await.unwrap().unwrap();
    assert_eq!(conductor.admin_port(), port);
    let app = App::connect(&conductor, &id).await;
    assert_eq!(app.count().await, 1);
    app.create("after").await;
    assert_eq!(app.count().await, 2);
    timeout(BOUND, conductor.shut_down()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_can_move_delay_silence_and_freeze_it() {
    let mut conductor = DevConductor::start().await.unwrap();
    let id = conductor.install(bundle(), None).await.unwrap();
    let mut app = App::connect(&conductor, &id).await;

    let before = conductor.admin_address();
    conductor.move_port().await.unwrap();
    assert_ne!(conductor.admin_address(), before);
    AdminWebsocket::connect(before, None).await.unwrap_err();
    admin(&conductor).await;

    let delay = Duration::from_millis(200);
    conductor.delay_answers(delay);
    let asked = Instant::now();
    app.count().await;
    assert!(asked.elapsed() >= delay);
    conductor.delay_answers(Duration::ZERO);

    conductor.drop_signals(true);
    app.call::<()>("emit", "silent").await;
    conductor.drop_signals(false);
    app.call::<()>("emit", "loud").await;
    let payload = emitted(&mut app.signals).await;
    assert!(payload.contains("loud"), "{payload}");

    // A call signed for the next five minutes has expired in an hour.
    let hour = Duration::from_secs(3600);
    conductor.freeze_clock(Some((Timestamp::now() + hour).unwrap())).unwrap();
    let late = app.ask("echo_text", ExternIO::encode("late").unwrap()).await.unwrap_err();
    assert!(format!("{late:?}").contains("BadNonce(\\\"Expired\\\")"), "{late:?}");
    conductor.freeze_clock(None).unwrap();
    assert_eq!(app.call::<String>("echo_text", "again").await, "again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_one_answers_no_more_and_its_data_can_be_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let config = || Config::default().with_data(directory.path());
    let conductor = DevConductor::start_with(config()).await.unwrap();
    let id = conductor.install(bundle(), None).await.unwrap();
    let App { client, mut signals } = App::connect(&conductor, &id).await;
    let app = App { client, signals: mpsc::channel(1).1 };
    app.create("kept").await;
    // The call has run when its signal is here, and its answer is held back for longer than anyone waits.
    conductor.delay_answers(2 * BOUND);
    let kill = async {
        emitted(&mut signals).await;
        timeout(BOUND, conductor.kill()).await.unwrap();
    };
    let (unheard, ()) = tokio::join!(app.ask("emit", ExternIO::encode("unheard").unwrap()), kill);
    unheard.unwrap_err();
    let conductor = DevConductor::start_with(config()).await.unwrap();
    assert_eq!(App::connect(&conductor, &id).await.count().await, 1);
}

/// What the next signal of `emit` carries; others come between.
async fn emitted(signals: &mut mpsc::Receiver<Signal>) -> String {
    loop {
        let signal = timeout(BOUND, signals.recv()).await.unwrap().unwrap();
        let Signal::App { signal, .. } = signal else { panic!("{signal:?}") };
        let payload = String::from_utf8_lossy(&signal.into_inner().0).into_owned();
        if payload.contains("emitted") {
            return payload;
        }
    }
}

/// The next event that is wanted, with its bound.
async fn next<T>(watch: &mut Watch, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
    timeout(BOUND, async {
        loop {
            let told = watch.next().await.unwrap().unwrap();
            if let Some(found) = wanted(&told.event) {
                return found;
            }
        }
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_what_a_call_did() {
    let conductor = DevConductor::start().await.unwrap();
    conductor.install(bundle(), None).await.unwrap();
    let observer = conductor.observer();
    let mut watch = observer.watch().unwrap();
    let cell = observer
        .running()
        .unwrap()
        .into_iter()
        .find(|cell| observer.zomes(cell).unwrap()[1].name.0 == "probe");
    let cell = cell.unwrap();
    let item = ExternIO::encode(json!({ "call_id": "one", "body": "b" })).unwrap().into_vec();
    let (id, outcome) = observer.call(&cell, "probe", "create_item", item.clone()).await.unwrap();
    let Outcome::Answered(Payload::Whole(answer)) = outcome else { panic!("{outcome:?}") };
    let action: ActionHash = ExternIO(answer).decode().unwrap();
    let argument = next(&mut watch, |event| match event {
        Event::Began { call, payload, .. } if Some(*call) == id => Some(payload.clone()),
        _ => None,
    })
    .await;
    assert_eq!(argument, Payload::Whole(item));
    // `init` writes before the call does; what is written is told before that the call ended.
    let records = next(&mut watch, |event| match event {
        Event::Committed { records, .. }
            if records.iter().any(|record| *record.action_address() == action) =>
        {
            Some(records.clone())
        }
        _ => None,
    })
    .await;
    assert!(records[0].entry().as_option().is_some());
    // `post_commit` tells a signal beside the call's end.
    let (mut ended, mut signalled) = (None, false);
    let (wrote, phases) = next(&mut watch, |event| {
        match event {
            Event::Ended { call, wrote, phases, outcome: Outcome::Answered(_), .. } if Some(*call) == id => {
                ended = Some((wrote.clone(), phases.clone()));
            }
            Event::Signal { call, .. } => signalled |= *call == id,
            _ => {}
        }
        ended.clone().filter(|_| signalled)
    })
    .await;
    assert_eq!(wrote.last(), Some(&action));
    assert!(phases.iter().any(|(phase, _)| *phase == Phase::Write), "{phases:?}");
    assert_eq!(observer.chain(&cell).await.unwrap().last().unwrap().action_address(), &action);
    assert_eq!(observer.record(&cell, &action).await.unwrap().unwrap().record.action_address(), &action);

    let refused = ExternIO::encode(json!({ "call_id": "two", "body": "invalid" })).unwrap().into_vec();
    let (_, outcome) = observer.call(&cell, "probe", "create_item", refused).await.unwrap();
    assert!(matches!(outcome, Outcome::Failed { kind: FailureKind::InvalidCommit, .. }), "{outcome:?}");
    let (_, outcome) = observer.call(&cell, "probe", "no_such", vec![0xc0]).await.unwrap();
    assert!(matches!(outcome, Outcome::Failed { kind: FailureKind::NoFunction, .. }), "{outcome:?}");
    conductor.shut_down().await;
    assert!(matches!(observer.running(), Err(ViewError::Stopped)));
}

/// A call whose caller leaves has an end too.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_waits_for_is_told_as_abandoned() {
    let conductor = DevConductor::start().await.unwrap();
    conductor.install(bundle(), None).await.unwrap();
    let observer = conductor.observer();
    let mut watch = observer.watch().unwrap();
    let cell = observer
        .running()
        .unwrap()
        .into_iter()
        .find(|cell| observer.zomes(cell).unwrap()[1].name.0 == "probe");
    let (cell, nil) = (cell.unwrap(), vec![0xc0]);
    let mut call = JoinSet::new();
    call.spawn(async move { observer.call(&cell, "probe", "whoami", nil).await });
    let id = next(&mut watch, |event| match event {
        Event::Began { call, .. } => Some(*call),
        _ => None,
    })
    .await;
    call.abort_all();
    let outcome = next(&mut watch, |event| match event {
        Event::Ended { call, outcome, .. } if *call == id => Some(outcome.clone()),
        _ => None,
    })
    .await;
    // It may have been quicker.
    assert!(matches!(outcome, Outcome::Abandoned | Outcome::Answered(_)), "{outcome:?}");
    conductor.shut_down().await;
}
