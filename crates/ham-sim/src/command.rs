//! What the command does.

use std::io::{Write, stderr, stdout};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use clap::Parser;

use crate::args::{Args, LayerName};
use crate::finding::Finding;
use crate::layer::example::Example;
use crate::layer::gateway::GatewayLayer;
use crate::layer::ham::Ham;
use crate::layer::persistent::PersistentLayer;
use crate::layer::session::SessionLayer;
use crate::life::{Layer, Life};
use crate::mask::Mask;
use crate::one::{live_one, live_seen};
use crate::report;
use crate::run::{Outcome, Plan, Progress, run};
use crate::shrink::shrink;
use crate::transcript;

/// Reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    match args.layer {
        LayerName::Persistent => command::<PersistentLayer>(&args),
        LayerName::Session => command::<SessionLayer>(&args),
        LayerName::Example => command::<Example>(&args),
        LayerName::Ham => command::<Ham>(&args),
        LayerName::Gateway => command::<GatewayLayer>(&args),
    }
}

/// Lives one seed of a layer, without some of its elements, and returns what is wrong with it.
#[must_use]
pub fn replay(layer: LayerName, seed: u64, without: &Mask) -> Vec<Finding> {
    match layer {
        LayerName::Persistent => findings::<PersistentLayer>(seed, without),
        LayerName::Session => findings::<SessionLayer>(seed, without),
        LayerName::Example => findings::<Example>(seed, without),
        LayerName::Ham => findings::<Ham>(seed, without),
        LayerName::Gateway => findings::<GatewayLayer>(seed, without),
    }
}

fn findings<L: Layer>(seed: u64, without: &Mask) -> Vec<Finding> {
    live_one::<L>(&L::generate(seed).without(without), false).findings
}

fn command<L: Layer>(args: &Args) -> ExitCode {
    let clean = match args.seed {
        Some(seed) => show::<L>(args, seed),
        None => search::<L>(args),
    };
    // Whoever closed the pipe has read enough.
    let clean = clean.unwrap_or(true);
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Lives one seed and prints all of it.
fn show<L: Layer>(args: &Args, seed: u64) -> std::io::Result<bool> {
    let mask = args.without.clone().unwrap_or_default();
    let life = L::generate(seed).without(&mask);
    let (recorders, recorder) = sync_channel(1);
    let (ends, end) = sync_channel(1);
    let (living, log) = (life.clone(), args.log);
    std::thread::spawn(move || {
        // A receiver that is gone has seen enough.
        let lived = live_seen::<L>(&living, log, |recorder| drop(recorders.send(recorder)));
        let _ = ends.send(lived);
    });
    let mut out = stdout().lock();
    let Ok(lived) = end.recv_timeout(WATCHDOG) else {
        let so_far = recorder.try_recv().map(|recorder| transcript::so_far(&recorder)).unwrap_or_default();
        report::stuck::<L>(&mut out, &life, &so_far, WATCHDOG)?;
        return Ok(false);
    };
    if args.json {
        report::json_life::<L>(&mut out, seed, &mask, &lived)?;
    } else {
        report::life::<L>(&mut out, &life, &lived)?;
    }
    Ok(lived.findings.is_empty())
}

/// Lives many seeds, and shrinks the failing ones.
fn search<L: Layer>(args: &Args) -> std::io::Result<bool> {
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_interrupt(&stop);
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let plan = Plan {
        from: args.from,
        lives: args.seeds,
        jobs: args.jobs.unwrap_or(processors),
        first: args.first,
        watchdog: WATCHDOG,
    };
    let mut next = TELL_EVERY;
    let outcome = run::<L>(&plan, &stop, |so_far| {
        if so_far.took >= next {
            next = so_far.took + TELL_EVERY;
            let _ = writeln!(stderr(), "{}", progress(so_far, plan.lives));
        }
    });
    let mut out = stdout().lock();
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(stuck) => {
            report::stopped::<L>(&mut out, &stuck, args.json)?;
            return Ok(false);
        }
    };
    for found in outcome.found.values() {
        let Some(&seed) = found.seeds.first() else { continue };
        let whole = L::generate(seed);
        let shrunk = shrink::<L>(&whole, &Mask::none(), found.finding.invariant);
        let life = whole.without(&shrunk.mask);
        let lived = live_one::<L>(&life, false);
        if args.json {
            report::json_found::<L>(&mut out, found, &shrunk)?;
        } else {
            report::found::<L>(&mut out, found, &shrunk, &life, &lived)?;
        }
    }
    let missing = outcome.reached.missing(L::STATES);
    if args.coverage {
        report::coverage::<L>(&mut out, &outcome.reached, args.json)?;
    }
    report::summary::<L>(&mut out, &outcome, plan.jobs, args.json)?;
    Ok(outcome.broken == 0 && (!args.coverage || missing.is_empty()) && finished(&outcome))
}

/// An interrupted run proves nothing about the seeds that it did not live.
fn finished(outcome: &Outcome) -> bool {
    !outcome.interrupted
}

fn progress(so_far: Progress, lives: u64) -> String {
    let rate = so_far.lives as f64 / so_far.took.as_secs_f64().max(0.001);
    format!("{} of {lives} lives, {} findings, {rate:.0} lives/s", so_far.lives, so_far.broken)
}

/// The first Ctrl-C ends the run after the lives under way; the second one ends the process.
fn stop_on_interrupt(stop: &Arc<AtomicBool>) {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.store(true, Ordering::Relaxed);
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        });
    });
}

/// How much real time one life may take: the longest takes seconds, where other programs leave it a tenth of a processor.
const WATCHDOG: Duration = Duration::from_secs(120);
/// How often a long run reports its progress.
const TELL_EVERY: Duration = Duration::from_secs(5);
