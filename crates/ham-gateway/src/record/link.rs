//! What happened to a link.

use std::collections::VecDeque;

use ham::HamState;
use serde_json::{Value, json};
use tokio::time::Instant;

/// A link as it stands, and its last events, the newest first. Times are milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Link {
    state: &'static str,
    /// Since when it is up, or down.
    since: i64,
    attempt: Option<u32>,
    next: Option<i64>,
    cause: Option<String>,
    up: bool,
    events: VecDeque<Value>,
}

impl Link {
    pub(super) fn shown(&self) -> (Value, Value) {
        let link = json!({
            "state": self.state, "since": self.since, "attempt": self.attempt, "next": self.next, "cause": self.cause,
        });
        (link, self.events.iter().cloned().collect())
    }

    pub(super) fn becomes(&mut self, state: &HamState, now: i64, open: u64) {
        let was_up = self.up;
        self.up = state.is_live();
        let lasted = now.saturating_sub(self.since);
        if self.up != was_up || self.since == 0 {
            self.since = now;
        }
        (self.attempt, self.next) = (None, None);
        match state {
            HamState::Live { .. } => {
                (self.state, self.cause) = ("live", None);
                if !was_up {
                    self.tell(json!({ "at": now, "what": "up", "text": "connected", "took_ms": lasted }));
                }
            }
            HamState::Dialing { attempt } => (self.state, self.attempt) = ("dialing", Some(*attempt)),
            HamState::BackingOff { attempt, until, cause } => {
                let left = until.saturating_duration_since(Instant::now());
                self.state = "backing_off";
                self.attempt = Some(*attempt);
                self.next = Some(now.saturating_add(i64::try_from(left.as_millis()).unwrap_or(i64::MAX)));
                self.cause = Some(cause.to_string());
                if !was_up {
                    self.tell(
                        json!({ "at": now, "what": "failed", "text": cause.to_string(), "attempt": attempt }),
                    );
                }
            }
            HamState::Closed { cause } => (self.state, self.cause) = ("closed", Some(cause.to_string())),
            _ => self.state = "unknown",
        }
        if was_up && !self.up {
            let text = self.cause.clone().unwrap_or_else(|| "the link ended".to_owned());
            self.tell(json!({ "at": now, "what": "lost", "text": text, "up_ms": lasted, "calls": open }));
        }
    }

    fn tell(&mut self, event: Value) {
        self.events.push_front(event);
        self.events.truncate(MOST_EVENTS);
    }
}

const MOST_EVENTS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_with_how_long_it_lasted() {
        let mut link = Link::default();
        let live = HamState::Live { since: Instant::now(), degraded: None };
        link.becomes(&HamState::Dialing { attempt: 1 }, 1_000, 0);
        link.becomes(&live, 1_250, 0);
        link.becomes(&HamState::Dialing { attempt: 1 }, 9_250, 3);
        link.becomes(&live, 9_500, 0);
        let (shown, history) = link.shown();
        assert_eq!((&shown["state"], &shown["since"]), (&json!("live"), &json!(9_500)));
        assert_eq!(
            history,
            json!([
                { "at": 9_500, "what": "up", "text": "connected", "took_ms": 250 },
                { "at": 9_250, "what": "lost", "text": "the link ended", "up_ms": 8_000, "calls": 3 },
                { "at": 1_250, "what": "up", "text": "connected", "took_ms": 250 },
            ])
        );
        for n in 0..50 {
            link.becomes(&if n % 2 == 0 { live.clone() } else { HamState::Dialing { attempt: 1 } }, n, 0);
        }
        assert_eq!(link.shown().1.as_array().unwrap().len(), MOST_EVENTS);
    }
}
