//! What is logged of connecting, and of a link that is lost and comes back. The only test of its process: whether a
//! tracing event is of interest is remembered for all threads.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../fake/mod.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod fake;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ham::{BackoffConfig, CallOptions, Ham, HamConfig, connect_with_backoff, events};
use ham_testkit::server::Behaviour;
use ham_testkit::wait::pass;
use holochain_conductor_api::AdminRequest;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};

use fake::{Fake, persistent, serve, serve_one};

/// Keeps `event` and the `signing` of every line of ham's crates that an operator sees.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<Line>>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Line {
    event: String,
    signing: String,
}

impl Log {
    fn take(&self) -> Vec<Line> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    /// Without the ends of earlier connections, which are told whenever their tasks get to it.
    fn events(&self) -> Vec<String> {
        let events = self.take().into_iter().map(|line| line.event);
        events.filter(|event| event != ham_persistent::trace::CLOSED).collect()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("ham") && *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.lines.lock().unwrap().push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "event" => self.event = value.to_owned(),
            "signing" => self.signing = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[tokio::test]
async fn one_line_for_each_thing_that_happened() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let fake = Fake::silent(|_| false).await;

    // Not connected before signing works.
    let keystore = format!("unix:///nonexistent/socket?k={}", "A".repeat(43));
    let config = fake.config().with_lair_signing(&keystore, Vec::new()).unwrap();
    fake.connect(config).await.unwrap_err();
    let told = log.take();
    assert!(told.iter().all(|line| line.event != events::CONNECTED), "{told:?}");
    let connecting = told.iter().find(|line| line.event == events::CONNECTING).unwrap();
    assert_eq!(connecting.signing, "lair");

    let ham = fake.connect(fake.config()).await.unwrap();
    let told = log.take();
    let connected = told.last().unwrap();
    assert_eq!((connected.event.as_str(), connected.signing.as_str()), (events::CONNECTED, "client"));
    drop(ham);

    // A node's passphrase file that others can open is used, and told.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let node = tempfile::tempdir().unwrap();
        let (conductor, passphrase) =
            (node.path().join("conductor-config.yaml"), node.path().join("passphrase"));
        std::fs::write(&conductor, format!("keystore:\n  type: lair_server\n  connection_url: {keystore}\n"))
            .unwrap();
        std::fs::write(&passphrase, "phrase\n").unwrap();
        for (mode, told) in [(0o444, &[events::SECRET_EXPOSED][..]), (0o400, &[])] {
            std::fs::set_permissions(&passphrase, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(fake.config().try_lair_signing_from_node(&conductor, &passphrase).lair.is_some());
            assert_eq!(log.events(), told, "{mode:o}");
        }
    }

    // A refusal is at error from the first attempt: no retry heals it.
    let (stop, mut shutdown) = tokio::sync::watch::channel(false);
    let refused = HamConfig { allow_cap_grant_signing: false, ..fake.config() };
    let factory = || {
        stop.send_replace(true);
        Ham::connect(refused.clone())
    };
    let none = connect_with_backoff(factory, &BackoffConfig::default(), &mut shutdown).await;
    assert!(none.is_none());
    assert_eq!(log.events(), [events::CONNECT_REFUSED]);

    // A service that never reads signals: one line for the loss, one for the return.
    let app = ham_testkit::server::Server::start([Behaviour::Driven]).await.unwrap();
    let ham = persistent(fake.admin.address(), &app);
    let mut state = ham.state();
    let mut first = app.next_peer().await.unwrap();
    assert!(serve_one(&mut first).await);
    while !state.get().is_live() {
        state.changed().await;
    }
    log.take();
    drop(first);
    let mut second = app.next_peer().await.unwrap();
    assert!(serve_one(&mut second).await);
    ham.connected(Duration::from_secs(60)).await.unwrap();
    while !state.get().is_live() {
        state.changed().await;
    }
    assert_eq!(log.events(), [events::DISCONNECTED, events::RECONNECTED]);

    // One that does: the gap is its third line.
    let _signals = ham.signals();
    drop(second);
    let mut third = app.next_peer().await.unwrap();
    assert!(serve_one(&mut third).await);
    while !state.get().is_live() {
        state.changed().await;
    }
    assert_eq!(log.events(), [events::DISCONNECTED, events::SIGNAL_GAP, events::RECONNECTED]);

    // A call waited for half a minute, and nobody was told for what.
    let (asks, mut asked) = tokio::sync::mpsc::channel(16);
    let fake = Fake::silent(move |request| {
        let grants = matches!(request, AdminRequest::GrantZomeCallCapability(_));
        if grants {
            asks.try_send(()).unwrap();
        }
        grants
    })
    .await;
    let ham = persistent(fake.admin.address(), &fake.app);
    let calls = async {
        let call = async |within: Duration| {
            let options = CallOptions::default().with_deadline(within);
            ham.call_zome_with::<_, ()>("role", "zome", "function", (), options).await.unwrap_err();
            log.events().into_iter().filter(|event| event.contains("grant")).collect::<Vec<_>>()
        };
        let within = Duration::from_secs(5);
        // Its time is up once the grant is asked for.
        let passing = async {
            asked.recv().await;
            pass(within).await;
        };
        let (told, ()) = tokio::join!(call(within), passing);
        assert_eq!(told, [""; 0], "it asks for the grant");
        let told = call(Duration::from_millis(600)).await;
        assert_eq!(told, [events::CAP_GRANT_AWAITED], "once, however often it looks");
    };
    let serving = async {
        let mut peer = fake.app.next_peer().await.unwrap();
        serve(&mut peer).await;
    };
    tokio::select! {
        () = calls => {}
        () = serving => unreachable!("serving ends with the link"),
    }
}
