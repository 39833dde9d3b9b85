//! What is logged, under which name and how loud.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use ham_persistent::{Config, trace};
use ham_testkit::scripted::Attempt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

use crate::setup::{Setup, pass, seconds};

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
    let setup = Setup::new().config(Config::default().with_escalate_after(3));
    for _ in 0..4 {
        setup.script.push(Attempt::refused("refused"));
    }
    setup.script.push(Attempt::accepted());
    setup.script.push(Attempt::accepted());
    setup.script.push(Attempt::refused_for_good("wrong token"));
    let (persistent, script, transcript) = setup.spawn();
    for number in 1..=2 {
        transcript.wait_for(&format!("link {number} up")).await;
        pass(seconds(60)).await;
        script.link(number).lose("reset");
    }
    pass(seconds(1)).await;
    persistent.close().await;
    let attempting = |line: &str| line == format!("INFO {}", trace::ATTEMPTING);
    let lines = log.lines.lock().expect("no panic under the lock").clone();
    assert!(attempting(&lines[0]));
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
}
