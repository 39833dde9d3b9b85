//! What was measured, and its drawing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use ham::{CallError, Outcome};
use serde_json::{Value, json};

use super::drawing::{drawing, rate, time};
use super::gone::is_gone;
use crate::failure::Failure;

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// How long each answered call took, in microseconds.
    answered: Vec<u32>,
    /// How often each other outcome occurred, and its last error; the worst first.
    others: BTreeMap<Other, (u64, Option<CallError>)>,
    /// How long the first call took; it is not counted with the others.
    pub(super) first: Option<Duration>,
    pub(super) took: Duration,
}

/// An outcome without an output; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Unknown,
    Arrived,
    NotRun,
    Refused,
}

/// Advice about calls that have no answer at the end.
const OPEN: &str = "if the chain still exists, read it with a call that lists what was written";

/// Whatever words the conductor uses for it.
const NOT_THERE: &str = "the cell no longer exists";

/// The share of calls that were at least this fast, in percent, and its name.
const QUANTILES: [(f64, &str); 4] = [(50.0, "p50"), (90.0, "p90"), (99.0, "p99"), (99.9, "p99_9")];

impl Measured {
    pub(super) fn note(&mut self, took: Duration, result: Result<(), CallError>) {
        let Err(error) = result else {
            self.answered.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
            return;
        };
        let other = match error.outcome() {
            Outcome::Answered => Other::Refused,
            Outcome::NotRun => Other::NotRun,
            Outcome::Arrived { .. } => Other::Arrived,
            Outcome::Unknown => Other::Unknown,
        };
        let (count, last) = self.others.entry(other).or_default();
        *count += 1;
        *last = Some(error);
    }

    /// This many calls have no answer at the end.
    pub(super) fn note_open(&mut self, calls: u64) {
        if calls > 0 {
            self.others.entry(Other::Unknown).or_default().0 += calls;
        }
    }

    /// How many calls have an unknown outcome.
    pub(super) fn unknown(&self) -> u64 {
        self.others.get(&Other::Unknown).map_or(0, |(count, _)| *count)
    }

    /// Why the bench did not succeed, if a call has no output: an error of the worst kind that occurred.
    pub(super) fn failure(&self) -> Option<Failure> {
        let (_, (_, last)) = self.others.first_key_value()?;
        let failure = match last {
            Some(error) if is_gone(error) => Failure::from(error.clone()).in_words(why(last)),
            Some(error) => error.clone().into(),
            None => Failure::of_unknown_outcome(anyhow::anyhow!(why(last)), OPEN),
        };
        let failed: u64 = self.others.values().map(|(count, _)| count).sum();
        let all = failed + self.answered.len() as u64;
        Some(
            failure
                .about(format!("{failed} of {all} calls have no output; this is the worst of their errors")),
        )
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
            "answered     {} in {:.1} s: {} a second\n",
            sorted.len(),
            self.took.as_secs_f64(),
            rate(self.rate())
        );
        // Writing to a string cannot fail.
        for (other, (count, last)) in &self.others {
            let _ = writeln!(text, "{}     {count}\n             the last: {}", other.words(), why(last));
        }
        if let Some(first) = self.first {
            let micros = u32::try_from(first.as_micros()).unwrap_or(u32::MAX);
            let _ = writeln!(text, "first call   {} (keys and grants; not counted)", time(micros));
        }
        if let (Some(fastest), Some(slowest)) = (sorted.first(), sorted.last()) {
            let _ = writeln!(text, "fastest      {}", time(*fastest));
            for (percent, _) in QUANTILES {
                let _ = writeln!(text, "{:<12} {}", format!("{percent} %"), time(quantile(&sorted, percent)));
            }
            let _ = writeln!(text, "slowest      {}\n", time(*slowest));
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
            .map(|(other, (count, last))| json!({ "outcome": other.words(), "count": count, "last": why(last) }))
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

impl Other {
    fn words(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Arrived => "arrived, the answer lost",
            Self::NotRun => "not run",
            Self::Refused => "answered with an error",
        }
    }
}

/// The last error of an outcome. There is none if the end came before one.
fn why(last: &Option<CallError>) -> String {
    let open = || "no answer until the end; it may have run, or may still run".to_owned();
    let words = |error: &CallError| if is_gone(error) { NOT_THERE.to_owned() } else { error.to_string() };
    last.as_ref().map_or_else(open, words)
}

/// The time within which this share was answered. `sorted` must not be empty.
fn quantile(sorted: &[u32], percent: f64) -> u32 {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

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
        measured.note(Duration::ZERO, Err(CallError::Closed { sent: false }));
        measured.note(Duration::from_micros(600), Ok(()));
        let text = measured.text();
        assert!(text.starts_with("answered     5 in 2.0 s: 2.50 a second"), "{text}");
        assert!(text.contains("not run     1"), "{text}");
        let drawn: Vec<_> = text.lines().filter(|line| line.starts_with("below")).collect();
        assert!(drawn.len() == 13 && drawn[0].ends_with('1') && drawn[1].ends_with('2'), "{text}");
        let json = measured.json();
        assert_eq!((&json["answered"], &json["quantiles"]["p50_us"]), (&json!(5), &json!(900)));
        assert_eq!(json["others"][0]["count"], 1);
    }

    /// It counted as a success if one call in a thousand had an answer.
    #[test]
    fn a_call_without_an_output_is_no_success_and_the_worst_is_told() {
        let mut measured = of(&[500; 3]);
        assert!(measured.failure().is_none());
        let exit = |measured: &Measured| measured.failure().unwrap().exit;
        measured.note(Duration::ZERO, Err(CallError::AppNotInstalled { app_id: "one".into() }));
        assert_eq!(exit(&measured), Exit::NotRun);
        measured.note(Duration::ZERO, Err(CallError::Closed { sent: true }));
        measured.note(Duration::ZERO, Err(CallError::AppNotInstalled { app_id: "one".into() }));
        let failure = measured.failure().unwrap();
        assert_eq!(failure.exit, Exit::Unknown);
        let json = failure.json().unwrap();
        assert!(json["error"].as_str().unwrap().starts_with("3 of 6 calls"), "{json}");
        assert!(json["outcome"].as_str().unwrap().starts_with("unknown"), "{json}");
    }

    /// The conductor's words for it were shown unchanged.
    #[test]
    fn a_cell_that_is_gone_is_told_in_words() {
        let said = "Conductor returned an error while using a ConductorApi: CellMissing(CellId(…))";
        let said = holochain_conductor_api::ExternalApiWireError::InternalError(said.into());
        let mut measured = of(&[500]);
        measured.note(Duration::ZERO, Err(CallError::Refused { refusal: said.into(), unsettled: false }));
        let (text, failure) = (measured.text(), measured.failure().unwrap());
        assert!(text.contains(NOT_THERE) && !text.contains("CellMissing"), "{text}");
        assert!(
            failure.text().contains(NOT_THERE) && !failure.text().contains("CellMissing"),
            "{}",
            failure.text()
        );
        assert_eq!(failure.exit, Exit::Refused);
    }

    #[test]
    fn nothing_answered_is_no_division_by_nothing() {
        let measured = Measured::default();
        assert!(measured.text().starts_with("answered     0"));
        assert_eq!(measured.json()["quantiles"], json!({}));
    }
}
