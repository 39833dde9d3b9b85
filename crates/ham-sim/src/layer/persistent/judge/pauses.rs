//! I15: when attempts begin.

use std::time::Duration;

use crate::finding::Verdict;
use crate::layer::persistent::event::{Call, Entries, Happened};
use crate::layer::persistent::life::{PersistentLife, Retry, World};

pub(super) fn judge(life: &PersistentLife, entries: &Entries, verdict: &mut Verdict) {
    let mut model = Model::new(&life.world);
    for entry in entries {
        if let Some((invariant, words)) = model.see(entry.at, &entry.event) {
            verdict.find(invariant, Some(entry.at), words);
            return;
        }
    }
}

/// What the documentation of the configuration says about pauses, computed independently.
struct Model<'a> {
    world: &'a World,
    /// When the last attempt began.
    started: Option<Duration>,
    attempt: u32,
    link_since: Duration,
    /// The last exponential delay, before jitter.
    grown: Option<f64>,
    outage_since: Duration,
    /// When the next attempt may begin at the earliest, and must have begun at the latest.
    due: Option<(Duration, Duration)>,
    redialed: bool,
    /// When the last attempt, link or callback ended.
    free_since: Duration,
}

type Wrong = (&'static str, String);

impl<'a> Model<'a> {
    fn new(world: &'a World) -> Self {
        Self {
            world,
            started: None,
            attempt: 0,
            link_since: Duration::ZERO,
            grown: None,
            outage_since: Duration::ZERO,
            due: None,
            redialed: false,
            free_since: Duration::ZERO,
        }
    }

    fn see(&mut self, at: Duration, event: &Happened) -> Option<Wrong> {
        if ends_something(event) {
            self.free_since = at;
        }
        match event {
            Happened::Asked { .. } => return self.begins(at),
            Happened::Address { place: Err(refusal), .. } | Happened::Dialed { link: Err(refusal), .. } => {
                self.due = Some(self.after_failure(at, refusal.permanent));
                self.redialed = false;
            }
            Happened::Dialed { link: Ok(_), .. } => {
                self.link_since = at;
                self.attempt = 0;
            }
            Happened::LinkLost { .. } => {
                self.due = Some(self.after_loss(at));
                self.redialed = false;
            }
            Happened::Called { call: Call::Redial, .. } => self.redialed = true,

            _ => {}
        }
        None
    }

    fn begins(&mut self, at: Duration) -> Option<Wrong> {
        let last = self.started.replace(at);
        self.attempt += 1;
        let floor = last.map_or(Duration::ZERO, |last| last.saturating_add(self.least()));
        if at < floor {
            let after = at - last.unwrap_or_default();
            return Some(("I15-least", format!("an attempt {after:?} after the one before")));
        }
        let (from, until) = self.due.take()?;
        if at < from && !self.redialed {
            return Some(("I15-early", format!("due at {} ms at the earliest", from.as_millis())));
        }
        let latest = until.max(floor).max(self.free_since).saturating_add(TICK);
        if at > latest {
            return Some(("I15-late", format!("due at {} ms at the latest", latest.as_millis())));
        }
        None
    }

    fn after_failure(&mut self, at: Duration, permanent: bool) -> (Duration, Duration) {
        match self.world.retry {
            Retry::Fixed { .. } => self.fixed(),
            Retry::Exponential { max, .. } if permanent => {
                self.grown = Some(max.as_secs_f64());
                self.spread(at, max.as_secs_f64())
            }
            Retry::Exponential { .. } => self.grow(at),
        }
    }

    fn after_loss(&mut self, at: Duration) -> (Duration, Duration) {
        match self.world.retry {
            Retry::Fixed { .. } => self.fixed(),
            Retry::Exponential { stable_after, .. } => {
                if stable_after.is_none_or(|least| at - self.link_since >= least) {
                    self.grown = None;
                    self.outage_since = at;
                    return (at, at);
                }
                self.grow(at)
            }
        }
    }

    /// From the start of the last attempt.
    fn fixed(&self) -> (Duration, Duration) {
        let Retry::Fixed { delay, .. } = self.world.retry else { return (Duration::ZERO, Duration::MAX) };
        self.spread(self.started.unwrap_or_default(), delay.as_secs_f64())
    }

    fn grow(&mut self, at: Duration) -> (Duration, Duration) {
        let Retry::Exponential { initial, max, factor, patience, .. } = self.world.retry else {
            return (Duration::ZERO, Duration::MAX);
        };
        let young = patience.filter(|patience| at - self.outage_since < patience.lasts);
        let cap = young.map_or(max, |patience| patience.cap.min(max)).as_secs_f64();
        let delay = self.grown.map_or(initial.as_secs_f64(), |grown| grown * factor.max(1.0)).min(cap);
        self.grown = Some(delay);
        self.spread(at, delay)
    }

    /// The earliest and latest end of a delay with its jitter.
    fn spread(&self, from: Duration, delay: f64) -> (Duration, Duration) {
        let jitter = match self.world.retry {
            Retry::Fixed { jitter, .. } | Retry::Exponential { jitter, .. } => f64::from(jitter) / 100.0,
        };
        let moved = |share: f64| {
            let delay = Duration::try_from_secs_f64(delay * share).unwrap_or(Duration::MAX);
            from.saturating_add(delay)
        };
        // Floating point may be off by a few nanoseconds.
        (moved(1.0 - jitter).saturating_sub(ROUNDING), moved(1.0 + jitter))
    }

    fn least(&self) -> Duration {
        self.world.min_pause.max(Duration::from_millis(1))
    }
}

/// Whether the next step can have waited for it.
fn ends_something(event: &Happened) -> bool {
    matches!(
        event,
        Happened::CallbackEnded { .. }
            | Happened::Address { .. }
            | Happened::Dialed { .. }
            | Happened::LinkLost { .. }
    )
}

/// Waits end with the next whole millisecond.
const TICK: Duration = Duration::from_millis(2);
const ROUNDING: Duration = Duration::from_micros(10);
