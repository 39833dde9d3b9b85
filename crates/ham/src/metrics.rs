//! The metrics that the library records through the `metrics` facade, if built with the feature `metrics`. The README's table is tested against it.

#[cfg_attr(not(feature = "metrics"), path = "metrics/silent.rs")]
mod recorded;

use crate::error::Outcome;
use recorded::{App, Counter, Gauge, Histogram};

/// Calls that ended, by `outcome` (`answered`, `not_run`, `unknown`, `arrived`).
pub const CALLS: &str = "ham_calls_total";
/// Seconds a call took, including waiting and resuming.
pub const CALL_SECONDS: &str = "ham_call_seconds";
/// Calls sent again with the same bytes.
pub const RESUMED: &str = "ham_calls_resumed_total";
/// Links that came up.
pub const LINKS: &str = "ham_links_total";
/// Links that ended.
pub const LINKS_LOST: &str = "ham_links_lost_total";
/// 1 while there is a link.
pub const LINK_UP: &str = "ham_link_up";
/// Capability grants written.
pub const GRANTS: &str = "ham_grants_total";
/// Signals received.
pub const SIGNALS: &str = "ham_signals_total";
/// Gaps in the signal stream.
pub const SIGNAL_GAPS: &str = "ham_signal_gaps_total";
/// Frames that could not be understood.
pub const FRAMES_SKIPPED: &str = "ham_frames_skipped_total";
/// Times a cell's breaker opened.
pub const PRESSURE: &str = "ham_pressure_total";

/// The label of every metric: the id of the app whose connection recorded it.
pub const APP: &str = "app";

/// All metrics, with kind and meaning: the README's table.
pub const TABLE: &[(&str, &str, &str)] = &[
    (CALLS, "counter", "calls that ended, by `app` and `outcome`"),
    (CALL_SECONDS, "histogram", "seconds a call took, waiting and resuming included, by `app`"),
    (RESUMED, "counter", "calls sent again with the same bytes, by `app`"),
    (LINKS, "counter", "links that came up, by `app`"),
    (LINKS_LOST, "counter", "links that ended, by `app`"),
    (LINK_UP, "gauge", "1 while there is a link, by `app`"),
    (GRANTS, "counter", "capability grants written, by `app`"),
    (SIGNALS, "counter", "signals received, by `app`"),
    (SIGNAL_GAPS, "counter", "gaps in the signal stream, by `app`"),
    (FRAMES_SKIPPED, "counter", "frames that could not be understood, by `app`"),
    (PRESSURE, "counter", "times a cell's breaker opened, by `app`"),
];

/// What one connection records.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) calls: Calls,
    pub(crate) resumed: Counter,
    pub(crate) links: Counter,
    pub(crate) links_lost: Counter,
    pub(crate) link_up: Gauge,
    pub(crate) signals: Counter,
    pub(crate) signal_gaps: Counter,
    pub(crate) frames_skipped: Counter,
    pub(crate) pressure: Counter,
}

impl Meter {
    pub(crate) fn new(app_id: &str) -> Self {
        let app = App::new(APP, app_id);
        let counter = |name| Counter::new(name, &app);
        Self {
            calls: Calls::new(&app),
            resumed: counter(RESUMED),
            links: counter(LINKS),
            links_lost: counter(LINKS_LOST),
            link_up: Gauge::new(LINK_UP, &app),
            signals: counter(SIGNALS),
            signal_gaps: counter(SIGNAL_GAPS),
            frames_skipped: counter(FRAMES_SKIPPED),
            pressure: counter(PRESSURE),
        }
    }
}

/// Counts a grant that was written for an app.
pub(crate) fn count_grant(app_id: &str) {
    Counter::new(GRANTS, &App::new(APP, app_id)).add();
}

/// How calls ended, and how long they took.
#[derive(Debug)]
pub(crate) struct Calls {
    answered: Counter,
    not_run: Counter,
    unknown: Counter,
    arrived: Counter,
    seconds: Histogram,
}

impl Calls {
    fn new(app: &App) -> Self {
        let ended = |outcome| Counter::labelled(CALLS, app, "outcome", outcome);
        Self {
            answered: ended("answered"),
            not_run: ended("not_run"),
            unknown: ended("unknown"),
            arrived: ended("arrived"),
            seconds: Histogram::new(CALL_SECONDS, app),
        }
    }

    pub(crate) fn ended(&self, outcome: Outcome, seconds: f64) {
        match outcome {
            Outcome::Answered => &self.answered,
            Outcome::NotRun => &self.not_run,
            Outcome::Unknown => &self.unknown,
            Outcome::Arrived { .. } => &self.arrived,
        }
        .add();
        self.seconds.record(seconds);
    }
}
