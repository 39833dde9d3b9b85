//! What is logged, under which name and how loud. The only test of its process: whether a tracing event is of interest is
//! remembered for all threads, so tests without a subscriber would disturb this one.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ham_persistent::{Config, Persistent, Randomness, State, trace};
use ham_testkit::scripted::{Attempt, scripted};
use ham_testkit::transcript::Transcript;
use tokio::time::{Instant, sleep_until};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

/// Writes `LEVEL event` for each tracing event of this crate.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("ham_persistent")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut name = Name(String::new());
        event.record(&mut name);
        let line = format!("{} {}", event.metadata().level(), name.0);
        self.lines.lock().expect("no panic under the lock").push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Name(String);

impl Visit for Name {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "event" {
            self.0 = value.to_owned();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[tokio::test(start_paused = true)]
async fn every_failure_is_logged_and_repeated_ones_louder() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let transcript = Transcript::new();
    let (connector, script) = scripted(&transcript);
    for _ in 0..4 {
        script.push(Attempt::refused("refused"));
    }
    script.push(Attempt::accepted());
    script.push(Attempt::accepted());
    script.push(Attempt::refused_for_good("wrong token"));
    let persistent = Persistent::builder("peer", connector)
        .config(Config::default().with_escalate_after(3))
        .randomness(Randomness::NonRandom)
        .spawn();
    for number in 1..=2 {
        transcript.wait_for(&format!("link {number} up")).await;
        sleep_until(Instant::now() + Duration::from_secs(60)).await;
        script.link(number).lose("reset");
    }
    sleep_until(Instant::now() + Duration::from_secs(1)).await;
    persistent.close().await;
    // Spelled out below on purpose: dashboards depend on these very names.
    assert_eq!(trace::ALL.len(), 7);
    let lines = log.lines.lock().expect("no panic under the lock").clone();
    assert_eq!(
        lines,
        [
            "INFO persistent.attempting",
            "DEBUG persistent.address",
            "WARN persistent.attempt_failed",
            "WARN persistent.attempt_failed",
            "ERROR persistent.attempt_failed",
            "ERROR persistent.attempt_failed",
            "INFO persistent.reconnected",
            "WARN persistent.link_lost",
            "INFO persistent.attempting",
            "DEBUG persistent.address",
            "INFO persistent.connected",
            "WARN persistent.link_lost",
            "INFO persistent.attempting",
            "DEBUG persistent.address",
            // Permanent: at error from the first.
            "ERROR persistent.attempt_failed",
            "INFO persistent.closed",
        ]
    );
    an_owner_that_tells_losses_itself_is_not_told_twice(&log).await;
}

async fn an_owner_that_tells_losses_itself_is_not_told_twice(log: &Log) {
    log.lines.lock().expect("no panic under the lock").clear();
    let transcript = Transcript::new();
    let (connector, script) = scripted(&transcript);
    script.push(Attempt::accepted());
    script.push(Attempt::refused("refused"));
    script.push(Attempt::accepted());
    let config = Config::default().with_losses_told_by_owner(true);
    let persistent = Persistent::builder("peer", connector).config(config).spawn();
    transcript.wait_for("link 1 up").await;
    script.link(1).lose("reset");
    transcript.wait_for("link 2 up").await;
    persistent.close_when_current_connection_is_closed();
    script.link(2).lose("reset");
    let closed = |state: &State| matches!(state, State::Closed { .. });
    persistent.state().wait_for(closed).await.expect("the state outlives the connection");
    let lines = log.lines.lock().expect("no panic under the lock").clone();
    let seen: Vec<_> = lines.iter().filter(|line| !line.starts_with("DEBUG")).collect();
    assert_eq!(
        seen,
        ["INFO persistent.attempting", "INFO persistent.connected", "WARN persistent.attempt_failed"]
    );
    for quiet in ["DEBUG persistent.link_lost", "DEBUG persistent.reconnected", "DEBUG persistent.closed"] {
        assert!(lines.iter().any(|line| line == quiet), "{quiet}: {lines:?}");
    }
}
