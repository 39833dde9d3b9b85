//! What was measured, and its drawing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use ham::{CallError, Outcome};
use serde_json::{Value, json};

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// How long each answered call took, in microseconds.
    answered: Vec<u32>,
    /// How often each other outcome came, and the last error of it.
    others: BTreeMap<&'static str, (u64, String)>,
    /// How long the first call took, which is not among the others.
    pub(super) first: Option<Duration>,
    pub(super) took: Duration,
}

const UNKNOWN: &str = "unknown";

/// The share of calls that were as fast, in percent, and its name.
const QUANTILES: [(f64, &str); 4] = [(50.0, "p50"), (90.0, "p90"), (99.0, "p99"), (99.9, "p99_9")];

/// How wide the longest bar is.
const BAR: u64 = 40;

impl Measured {
    pub(super) fn note(&mut self, took: Duration, result: Result<(), &CallError>) {
        let Err(error) = result else {
            self.answered.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
            return;
        };
        let outcome = match error.outcome() {
            Outcome::Answered => "answered with an error",
            Outcome::NotRun => "not run",
            Outcome::Arrived { .. } => "arrived, the answer lost",
            Outcome::Unknown => UNKNOWN,
        };
        self.other(outcome, error.to_string());
    }

    /// A call that has no answer when it is the end.
    pub(super) fn note_open(&mut self) {
        self.other(UNKNOWN, "no answer until the end; it may have run, or may still run".to_owned());
    }

    fn other(&mut self, outcome: &'static str, why: String) {
        let (count, last) = self.others.entry(outcome).or_default();
        *count += 1;
        *last = why;
    }

    /// How many calls are of unknown outcome.
    pub(super) fn unknown(&self) -> u64 {
        self.others.get(UNKNOWN).map_or(0, |(count, _)| *count)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        for (outcome, (count, last)) in other.others {
            let known = self.others.entry(outcome).or_default();
            known.0 += count;
            known.1 = last;
        }
    }

    /// Whether no call has an output.
    pub(super) fn is_unanswered(&self) -> bool {
        self.answered.is_empty()
    }

    fn sorted(&self) -> Vec<u32> {
        let mut sorted = self.answered.clone();
        sorted.sort_unstable();
        sorted
    }

    /// Answers a second.
    fn rate(&self) -> f64 {
        self.answered.len() as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    pub(super) fn text(&self) -> String {
        let sorted = self.sorted();
        let mut text = format!(
            "answered     {} in {:.1} s: {:.0} a second\n",
            sorted.len(),
            self.took.as_secs_f64(),
            self.rate()
        );
        // Writing to a string cannot fail.
        for (outcome, (count, last)) in &self.others {
            let _ = writeln!(text, "{outcome}     {count}\n             the last: {last}");
        }
        if let Some(first) = self.first {
            let micros = u32::try_from(first.as_micros()).unwrap_or(u32::MAX);
            let _ = writeln!(text, "first call   {} (keys and grants; not counted)", shown(micros));
        }
        if let (Some(fastest), Some(slowest)) = (sorted.first(), sorted.last()) {
            let _ = writeln!(text, "fastest      {}", shown(*fastest));
            for (percent, _) in QUANTILES {
                let _ =
                    writeln!(text, "{:<12} {}", format!("{percent} %"), shown(quantile(&sorted, percent)));
            }
            let _ = writeln!(text, "slowest      {}\n", shown(*slowest));
            text += &drawing(&sorted);
        }
        text
    }

    pub(super) fn json(&self) -> Value {
        let sorted = self.sorted();
        let quantiles: serde_json::Map<_, _> = QUANTILES
            .iter()
            .filter(|_| !sorted.is_empty())
            .map(|(percent, name)| (format!("{name}_us"), quantile(&sorted, *percent).into()))
            .collect();
        let others: Vec<_> = self
            .others
            .iter()
            .map(|(outcome, (count, last))| json!({ "outcome": outcome, "count": count, "last": last }))
            .collect();
        json!({
            "answered": sorted.len(),
            "seconds": self.took.as_secs_f64(),
            "per_second": self.rate(),
            "first_us": self.first.map(|first| first.as_micros() as u64),
            "fastest_us": sorted.first(),
            "slowest_us": sorted.last(),
            "quantiles": quantiles,
            "others": others,
        })
    }
}

/// The time within which this share was answered. `sorted` is not empty.
fn quantile(sorted: &[u32], percent: f64) -> u32 {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// A bar for each doubling of time.
fn drawing(sorted: &[u32]) -> String {
    let mut bins: BTreeMap<u32, u64> = BTreeMap::new();
    for took in sorted {
        *bins.entry(took.max(&1).ilog2()).or_default() += 1;
    }
    let (Some(first), Some(last)) = (bins.keys().next(), bins.keys().last()) else { return String::new() };
    let most = bins.values().max().copied().unwrap_or(1);
    let mut text = String::new();
    for bin in *first..=*last {
        let count = bins.get(&bin).copied().unwrap_or(0);
        let width = (count * BAR).div_ceil(most) as usize;
        let below = u32::try_from(1_u64 << (bin + 1)).unwrap_or(u32::MAX);
        let _ = writeln!(text, "below {:>8}  {:<40}  {count}", shown(below), "█".repeat(width));
    }
    text
}

/// Microseconds as people say them.
fn shown(micros: u32) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", f64::from(micros) / 1e3),
        _ => format!("{:.1} s", f64::from(micros) / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: &[u64]) -> Measured {
        let mut measured = Measured { took: Duration::from_secs(2), ..Measured::default() };
        micros.iter().for_each(|took| measured.note(Duration::from_micros(*took), Ok(())));
        measured
    }

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let sorted: Vec<u32> = (1..=1000).collect();
        assert_eq!(QUANTILES.map(|(percent, _)| quantile(&sorted, percent)), [500, 900, 990, 999]);
        assert_eq!(QUANTILES.map(|(percent, _)| quantile(&[7], percent)), [7; 4]);
    }

    #[test]
    fn every_call_is_in_one_row() {
        let mut measured = of(&[500, 900, 3_000, 2_000_000]);
        measured.note(Duration::ZERO, Err(&CallError::Closed { sent: false }));
        measured.add(of(&[600]));
        let text = measured.text();
        assert!(text.starts_with("answered     5 in 2.0 s: 2 a second"), "{text}");
        assert!(text.contains("not run     1"), "{text}");
        let drawn: Vec<_> = text.lines().filter(|line| line.starts_with("below")).collect();
        assert!(drawn.len() == 13 && drawn[0].ends_with('1') && drawn[1].ends_with('2'), "{text}");
        let json = measured.json();
        assert_eq!((&json["answered"], &json["quantiles"]["p50_us"]), (&json!(5), &json!(900)));
        assert_eq!(json["others"][0]["count"], 1);
    }

    #[test]
    fn nothing_answered_is_no_division_by_nothing() {
        let measured = Measured::default();
        assert!(measured.text().starts_with("answered     0"));
        assert_eq!(measured.json()["quantiles"], json!({}));
    }
}
