//! A persistent connection with a scripted connector, both written down.

use std::time::Duration;

use futures_util::StreamExt;
use ham_persistent::{Builder, Config, Events, Exponential, Jitter, Persistent, Randomness};
use ham_testkit::scripted::{Script, ScriptedConnector, scripted};
use ham_testkit::transcript::Transcript;
use tokio::time::Instant;

pub(crate) type Handle = Persistent<ScriptedConnector>;

/// The connector's calls and the callback's events go to `transcript`.
pub(crate) struct Setup {
    pub(crate) transcript: Transcript,
    pub(crate) script: Script,
    pub(crate) builder: Builder<ScriptedConnector>,
}

impl Setup {
    /// Without jitter.
    pub(crate) fn new() -> Self {
        let transcript = Transcript::new();
        let (connector, script) = scripted(&transcript);
        let builder = Persistent::builder("peer", connector).randomness(Randomness::NonRandom);
        Self { transcript, script, builder }
    }

    pub(crate) fn config(mut self, config: Config) -> Self {
        self.builder = self.builder.config(config);
        self
    }

    /// With a callback that only takes notes.
    pub(crate) fn noting(mut self) -> Self {
        let transcript = self.transcript.clone();
        self.builder = self.builder.on_event(move |event| {
            transcript.note(format_args!("{event:?}"));
            std::future::ready(())
        });
        self
    }

    /// With a callback that takes this long, and notes its end too.
    pub(crate) fn dawdling(mut self, takes: Duration) -> Self {
        let transcript = self.transcript.clone();
        self.builder = self.builder.on_event(move |event| {
            let transcript = transcript.clone();
            transcript.note(format_args!("{event:?}"));
            async move {
                pass(takes).await;
                transcript.note(format_args!("{event:?} done"));
            }
        });
        self
    }

    pub(crate) fn spawn(self) -> (Handle, Script, Transcript) {
        (self.builder.spawn(), self.script, self.transcript)
    }
}

/// Lets virtual time pass; every timer before fires at its time.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep_until(Instant::now() + time).await;
}

/// Lets everybody run who can without time passing.
pub(crate) async fn settle() {
    pass(Duration::from_micros(1)).await;
}

/// Everything the bus carries until it ends.
pub(crate) async fn all(events: Events<ScriptedConnector>) -> Vec<String> {
    events.map(|item| format!("{item:?}")).collect().await
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Doubles from 1 s to 8 s, without jitter.
pub(crate) fn doubling() -> Exponential {
    Exponential::new(seconds(1), seconds(8)).with_jitter(Jitter::NONE)
}
