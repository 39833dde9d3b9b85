//! The state of the NATS connection, for the operators of the gateway.

use std::sync::{Mutex, MutexGuard, PoisonError};

use holochain_zome_types::prelude::Timestamp;
use serde_json::{Value, json};

use crate::metrics;

/// The state of the NATS connection. None of it concerns calls over HTTP.
#[derive(Debug, Default)]
pub(crate) struct NatsStatus(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    connected: bool,
    /// Since when, in milliseconds since 1970.
    since: Option<i64>,
    published: u64,
    /// Why the last failed message could not be published; `None` once one was published.
    why: Option<String>,
}

#[cfg_attr(not(feature = "nats"), expect(dead_code, reason = "without NATS nothing happens to it"))]
impl NatsStatus {
    /// The connection came up or went down.
    pub(crate) fn connected(&self, connected: bool) {
        let mut state = self.state();
        if state.since.is_some() && state.connected == connected {
            return;
        }
        (state.connected, state.since) = (connected, Some(Timestamp::now().as_millis()));
        if connected {
            state.why = None;
        }
        drop(state);
        metrics::nats_connected(connected);
        if connected {
            tracing::info!(event = "gateway.nats.connected", "NATS is connected");
        } else {
            tracing::warn!(
                event = "gateway.nats.lost",
                "NATS cannot be reached; what waits for it is kept, up to a limit"
            );
        }
    }

    /// A message is in the stream.
    pub(crate) fn published(&self, kind: &'static str) {
        let mut state = self.state();
        state.published += 1;
        state.why = None;
        drop(state);
        metrics::nats_published(kind);
    }

    /// Something could not be done; it is tried again.
    pub(crate) fn failed(&self, why: &str) {
        self.note(why, "NATS does not accept it; it is tried again");
    }

    /// Messages came faster than they could be read, and some are gone: their senders get no answer.
    pub(crate) fn dropped(&self) {
        self.note(DROPPED, "NATS was not read fast enough");
    }

    /// A persisting reason is logged as a warning once.
    fn note(&self, why: &str, words: &str) {
        let again = self.state().why.replace(why.to_owned()).as_deref() == Some(why);
        metrics::nats_failed();
        if again {
            tracing::debug!(event = "gateway.nats.failed", why, "{words}");
        } else {
            tracing::warn!(event = "gateway.nats.failed", why, "{words}");
        }
    }

    /// The form that the status shows.
    pub(crate) fn told(&self) -> Value {
        let state = self.state();
        json!({ "connected": state.connected, "since": state.since, "published": state.published, "why": state.why })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const DROPPED: &str = "too many requests came at once: some were dropped and get no answer";
