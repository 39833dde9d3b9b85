//! Names of the metrics the library records through the `metrics` facade. The README's table is tested against it.

/// Calls that ended, by `outcome` (`answered`, `not_run`, `unknown`, `arrived`).
pub const CALLS: &str = "ham_calls_total";
/// Seconds a call took, waiting and resuming included.
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

/// All of them, with kind and meaning: the README's table.
pub const TABLE: &[(&str, &str, &str)] = &[
    (CALLS, "counter", "calls that ended, by `outcome`"),
    (CALL_SECONDS, "histogram", "seconds a call took, waiting and resuming included"),
    (RESUMED, "counter", "calls sent again with the same bytes"),
    (LINKS, "counter", "links that came up"),
    (LINKS_LOST, "counter", "links that ended"),
    (LINK_UP, "gauge", "1 while there is a link"),
    (GRANTS, "counter", "capability grants written"),
    (SIGNALS, "counter", "signals received"),
    (SIGNAL_GAPS, "counter", "gaps in the signal stream"),
    (FRAMES_SKIPPED, "counter", "frames that could not be understood"),
    (PRESSURE, "counter", "times a cell's breaker opened"),
];
