//! What happened to the link of an app.

use std::collections::VecDeque;
use std::time::Duration;

use ham::HamState;
use serde::Serialize;
use tokio::time::Instant;

/// The last changes, the newest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    /// Since when there is a link, or since when there is none.
    since: Option<Since>,
}

#[derive(Clone, Copy, Debug)]
struct Since {
    live: bool,
    at: Instant,
    /// The same in milliseconds since 1970.
    ms: i64,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// When, in milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) what: What,
    pub(crate) text: String,
    /// Which attempt failed, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
    /// How long it had been down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) took_ms: Option<u64>,
    /// How long it had been up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) up_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Up,
    Lost,
    Failed,
}

impl History {
    /// Takes a state that the link has come to.
    pub(crate) fn told(&mut self, state: &HamState, ms: i64) {
        let now = Instant::now();
        let before = self.since;
        let lasted = || before.map(|since| millis(now.saturating_duration_since(since.at)));
        let was_live = before.is_some_and(|since| since.live);
        let change = |what, text| Change { at: ms, what, text, attempt: None, took_ms: None, up_ms: None };
        let turned = |live| Some(Since { live, at: now, ms });
        match state {
            HamState::Live { .. } if !was_live => {
                self.since = turned(true);
                self.push(Change { took_ms: lasted(), ..change(What::Up, "connected".into()) });
            }
            HamState::BackingOff { attempt, cause, .. } => {
                let text = cause.to_string();
                if was_live {
                    self.since = turned(false);
                    self.push(Change { up_ms: lasted(), ..change(What::Lost, text) });
                } else {
                    self.since = self.since.or(turned(false));
                    self.push(Change { attempt: Some(*attempt), ..change(What::Failed, text) });
                }
            }
            HamState::Closed { cause } => self.push(change(What::Lost, cause.to_string())),
            _ => {}
        }
    }

    fn push(&mut self, change: Change) {
        self.changes.truncate(MOST - 1);
        self.changes.push_front(change);
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }

    /// Since when it is as it is, in milliseconds since 1970.
    pub(crate) fn since(&self) -> Option<i64> {
        self.since.map(|since| since.ms)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Changes that are kept.
const MOST: usize = 20;
