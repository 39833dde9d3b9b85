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
    /// Since when there has been a link, or since when there has been none.
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
            HamState::Dialing { .. } if was_live => {
                self.since = turned(false);
                self.push(Change { up_ms: lasted(), ..change(What::Lost, "the link was lost".into()) });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_link_that_comes_and_goes_is_told_with_how_long_it_lasted() {
        let mut history = History::default();
        let live = || HamState::Live { since: Instant::now(), degraded: None };
        history.told(&HamState::Dialing { attempt: 1 }, 1);
        history.told(&live(), 2);
        history.told(&live(), 3);
        tokio::time::advance(Duration::from_secs(7)).await;
        history.told(&HamState::Dialing { attempt: 1 }, 4);
        tokio::time::advance(Duration::from_secs(2)).await;
        history.told(&live(), 5);
        let told = history.changes().map(|change| (change.at, change.what, change.took_ms, change.up_ms));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [(5, What::Up, Some(2000), None), (4, What::Lost, None, Some(7000)), (2, What::Up, None, None)]
        );
        assert_eq!(history.since(), Some(5));
        for at in 0..100 {
            history.told(&HamState::Dialing { attempt: 1 }, at);
            history.told(&live(), at);
        }
        assert_eq!(history.changes().count(), MOST);
    }
}
