//! What is printed, for people and for programs.

use std::io::{Result, Write};
use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::json;

use crate::coverage::Counts;
use crate::history::Event;
use crate::life::{Layer, Life};
use crate::mask::Mask;
use crate::one::Lived;
use crate::run::{Found, Outcome, Stopped};
use crate::shrink::Shrunk;
use crate::transcript::transcript;

/// A life in full: its plan, what happened, and what is wrong with it.
pub(crate) fn life<L: Layer>(out: &mut impl Write, life: &L::Life, lived: &Lived<L::Event>) -> Result<()> {
    for line in life.plan() {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    write!(out, "{}", transcript(&lived.history))?;
    writeln!(out)?;
    for finding in &lived.findings {
        writeln!(out, "{finding}")?;
    }
    let findings = lived.findings.len();
    writeln!(out, "1 life, {findings} findings, hash {:016x}", lived.history.digest())
}

/// A life that does not end in real time: its plan, and the last things that happened.
pub(crate) fn stuck<L: Layer>(
    out: &mut impl Write,
    life: &L::Life,
    so_far: &str,
    after: Duration,
) -> Result<()> {
    for line in life.plan() {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    let lines: Vec<&str> = so_far.lines().collect();
    for line in &lines[lines.len().saturating_sub(LINES_SHOWN)..] {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "\nthe life has not ended after {after:?} of real time")
}

/// How many lines are shown of a life that does not end.
const LINES_SHOWN: usize = 400;

/// One broken promise, with the smallest life that breaks it.
pub(crate) fn found<L: Layer>(
    out: &mut impl Write,
    found: &Found,
    shrunk: &Shrunk,
    life: &L::Life,
    lived: &Lived<L::Event>,
) -> Result<()> {
    let seed = found.seeds.first().copied().unwrap_or(0);
    writeln!(out, "seed {seed}: {}", found.finding)?;
    writeln!(out, "  {} lives break it: {:?}", found.lives, found.seeds)?;
    writeln!(out, "  {} elements left of {}, after {} lives", shrunk.to, shrunk.from, shrunk.runs)?;
    writeln!(out, "  {}", command::<L>(seed, &shrunk.mask))?;
    self::life::<L>(out, life, lived)?;
    writeln!(out)
}

/// A life that does not end in real time ends the run.
pub(crate) fn stopped<L: Layer>(out: &mut impl Write, stopped: &Stopped, as_json: bool) -> Result<()> {
    let repeat = command::<L>(stopped.seed, &Mask::none());
    if as_json {
        let line = json!({ "invariant": "stuck", "seed": stopped.seed, "finding": stopped.to_string(), "repeat": repeat });
        return writeln!(out, "{line}");
    }
    writeln!(out, "{stopped}: {repeat}")
}

/// The last line.
pub(crate) fn summary<L: Layer>(
    out: &mut impl Write,
    outcome: &Outcome,
    jobs: NonZeroUsize,
    as_json: bool,
) -> Result<()> {
    let rate = outcome.lives as f64 / outcome.took.as_secs_f64().max(0.001);
    if as_json {
        let line = json!({
            "layer": L::NAME, "lives": outcome.lives, "findings": outcome.broken, "lives_per_s": rate.round(),
            "elements": outcome.elements, "jobs": jobs, "interrupted": outcome.interrupted,
            "hash": format!("{:016x}", outcome.hash),
        });
        return writeln!(out, "{line}");
    }
    if outcome.interrupted {
        writeln!(out, "interrupted")?;
    }
    writeln!(
        out,
        "{} lives, {} findings, {rate:.0} lives/s, {jobs} jobs, hash {:016x}",
        outcome.lives, outcome.broken, outcome.hash
    )
}

/// How often each state was reached.
pub(crate) fn coverage<L: Layer>(out: &mut impl Write, reached: &Counts, as_json: bool) -> Result<()> {
    for state in L::STATES {
        let count = reached.of(state);
        if as_json {
            writeln!(out, "{}", json!({ "state": state, "count": count }))?;
        } else {
            let never = if count == 0 { "  never reached" } else { "" };
            writeln!(out, "{count:>9}  {state}{never}")?;
        }
    }
    Ok(())
}

pub(crate) fn json_life<L: Layer>(
    out: &mut impl Write,
    seed: u64,
    mask: &Mask,
    lived: &Lived<L::Event>,
) -> Result<()> {
    for entry in &lived.history.entries {
        let (ms, actor) = (entry.at.as_millis() as u64, entry.event.actor());
        writeln!(out, "{}", json!({ "ms": ms, "actor": actor, "words": entry.event.to_string() }))?;
    }
    let findings: Vec<_> = lived.findings.iter().map(ToString::to_string).collect();
    let hash = format!("{:016x}", lived.history.digest());
    let without = mask.to_string();
    writeln!(
        out,
        "{}",
        json!({ "layer": L::NAME, "seed": seed, "without": without, "findings": findings, "hash": hash })
    )
}

pub(crate) fn json_found<L: Layer>(out: &mut impl Write, found: &Found, shrunk: &Shrunk) -> Result<()> {
    let seed = found.seeds.first().copied().unwrap_or(0);
    let line = json!({
        "invariant": found.finding.invariant, "seed": seed, "lives": found.lives, "seeds": found.seeds,
        "finding": found.finding.to_string(), "without": shrunk.mask.to_string(),
        "repeat": command::<L>(seed, &shrunk.mask),
    });
    writeln!(out, "{line}")
}

/// The command that repeats a life.
fn command<L: Layer>(seed: u64, mask: &Mask) -> String {
    let without = if mask.is_empty() { String::new() } else { format!(" --without {mask}") };
    format!("ham-sim --layer {} --seed {seed}{without}", L::NAME)
}
