//! `ham demo`: kills a conductor under load, and compares its source chains with what every caller was told.

mod failed;
mod soak;

use std::path::PathBuf;

use clap::value_parser;
use ham_launcher::{Install, Release};
use serde_json::json;

use crate::commands::info::{plain, trimmed};
use crate::context::Context;
use crate::demo::{
    CALLERS, DEFAULT_CALLS, DEFAULT_CUTS, DEFAULT_KILLS, DEFAULT_OUTSTANDING, DEFAULT_SEED,
    DEFAULT_SOAK_CALLS, DemoOptions, Report, SoakOptions,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::progress::Spinner;
use crate::settings::{Chosen, Kind, Settings, Source};

/// Kills a conductor of its own under load and compares its chains with what every caller was told.
#[derive(Debug, clap::Args)]
#[command(args = flags::kind())]
pub(crate) struct Args {
    /// How often the conductor is killed with SIGKILL and restarted
    #[arg(long, default_value_t = DEFAULT_KILLS)]
    kills: u32,
    /// How many calls are made under the kills
    #[arg(long, help = format!("How many calls are made [default: {DEFAULT_CALLS}; with --soak {DEFAULT_SOAK_CALLS}]"))]
    calls: Option<u32>,
    /// Kill nothing: lose the link this often under very many calls, and watch memory, descriptors and tasks
    #[arg(long, value_name = "LOSSES", num_args = 0..=1, conflicts_with_all = ["kills", "cuts", "concurrency"])]
    #[arg(default_missing_value = DEFAULT_SOAK_LOSSES_TEXT)]
    soak: Option<u64>,
    /// How often the link is cut at a frame boundary while the conductor lives
    #[arg(long, default_value_t = DEFAULT_CUTS)]
    cuts: u32,
    /// Draw the calls from this seed; the same seed draws the same calls
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// How many calls must be under way at each kill
    #[arg(long, default_value_t = DEFAULT_OUTSTANDING as u64, value_parser = value_parser!(u64).range(1..=CALLERS as u64))]
    #[arg(help = format!("How many calls must be under way at each kill: 1 to {CALLERS}, since there are \
     {CALLERS} callers"))]
    concurrency: u64,
    /// The release of the real conductor, for --conductor real [default: 0.7.1]
    #[arg(long, value_name = "RELEASE", value_parser = crate::release::launched())]
    release: Option<Release>,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let (install, release) = conductor_of(context, args.release)?;
    if let Some(losses) = args.soak {
        let options = SoakOptions { install, ..SoakOptions::default() };
        let calls = args.calls.map_or(DEFAULT_SOAK_CALLS, u64::from);
        let options =
            options.with_calls(calls).with_losses(losses).with_seed(args.seed).with_release(release);
        return soak::run(context, options).await;
    }
    let options = DemoOptions { install, ..DemoOptions::default() }
        .with_release(release)
        .with_kills(args.kills)
        .with_calls(args.calls.unwrap_or(DEFAULT_CALLS))
        .with_cuts(args.cuts)
        .with_seed(args.seed)
        .with_outstanding(usize::try_from(args.concurrency).unwrap_or(CALLERS));
    let spinner = Spinner::start(context.output, "looking for a conductor");
    let ended = crate::demo::run(options, |progress| {
        spinner.say(&progress.to_string(), progress.is_worth_a_line());
    })
    .await;
    drop(spinner);
    let report = ended.map_err(|error| failed::failure(error, release))?;
    show(context, &report)?;
    verdict(&report)
}

/// The binary if the embedded conductor is called, and the release if a real one is.
fn conductor_of(context: &Context, release: Option<Release>) -> Result<(Option<Install>, Release), Failure> {
    match kind(&context.settings)? {
        Kind::Embedded if release.is_some() => Err(Failure::usage(
            "--release is about real conductors, but the embedded one would be killed",
            "pass --conductor real too, or omit --release",
        )),
        Kind::Embedded => Ok((Some(Install::embedded(this_program()?)), Release::default())),
        Kind::Real => Ok((None, release.unwrap_or_default())),
    }
}

/// Which conductor is killed. A running one is left alone, whatever the environment says.
fn kind(settings: &Settings) -> Result<Kind, Failure> {
    match &settings.conductor {
        Some(Chosen::Own(kind)) => Ok(*kind),
        Some(Chosen::Running(_)) if settings.values.source("conductor") == Source::Flag => {
            Err(Failure::usage(
                "the demonstration kills its conductor, but a running one is named",
                "pass --conductor embedded or --conductor real: it starts its own",
            ))
        }
        Some(Chosen::Running(_)) | None => Ok(Kind::Embedded),
    }
}

/// The path of this program: the conductor that is killed is another process of it.
fn this_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        let error = anyhow::Error::new(error).context("cannot find this program");
        Failure::new(Exit::Local, error, "use --conductor real")
    })
}

fn show(context: &Context, report: &Report) -> Result<(), Failure> {
    let disagreements: Vec<String> =
        report.verdict().err().into_iter().flatten().map(|found| found.to_string()).collect();
    let value =
        json!({ "report": report, "agrees": disagreements.is_empty(), "disagreements": disagreements });
    context.output.result(|| tables(report), &value)
}

fn tables(report: &Report) -> String {
    let calls = &report.calls;
    let mut counts = plain(["calls", "", ""]);
    for (what, count, meaning) in [
        ("answered", calls.answered, "it ran, and the chain has what it wrote"),
        ("answered with an error", calls.refused, "two of the four functions fail by design"),
        (
            "arrived, the answer lost",
            calls.arrived_on_chain + calls.arrived_not_on_chain,
            "it ran, or was cut short",
        ),
        ("not run", calls.not_run, "and it never will"),
        (
            "unknown",
            calls.unknown_on_chain + calls.unknown_not_on_chain,
            "lost, and nothing more can be known",
        ),
        ("in all", calls.made, "each call is in one of the rows above"),
        ("", 0, ""),
        (
            "answered on a later link",
            calls.answered_on_a_later_link + calls.refused_on_a_later_link,
            "than the one they began on",
        ),
        ("writes refused", calls.writes_refused, "the chain had moved under them"),
        ("", 0, ""),
        ("ran too often", calls.ran_too_often, "must be 0"),
        ("acknowledged but missing", calls.acknowledged_but_missing, "must be 0"),
        ("declared not run but present", calls.not_run_but_present, "must be 0"),
        ("declared not run and arrived", calls.contradicted + calls.arrived_but_never_sent, "must be 0"),
    ] {
        let count = if what.is_empty() { String::new() } else { count.to_string() };
        counts.add_row([what, &count, meaning]);
    }
    let mut text = format!("seed {}\n\n{}\n", report.seed, trimmed(&counts));
    if !report.kills.is_empty() {
        let mut kills =
            plain(["kill", "under way", "boot ms", "live ms", "callable ms", "answer ms", "in all ms"]);
        for kill in &report.kills {
            kills.add_row([
                u64::from(kill.kill),
                kill.outstanding as u64,
                kill.boot_ms,
                kill.live_ms,
                kill.callable_ms,
                kill.answer_ms,
                kill.total_ms,
            ]);
        }
        text.push_str(&format!("\n{}\n", trimmed(&kills)));
    }
    if !report.cuts.is_empty() {
        let mut cuts = plain(["cut", "cuts", "answered", "resumed", "arrived", "not run", "unknown"]);
        for (place, found) in &report.cuts {
            let counts =
                [found.cuts, found.answered, found.resumed, found.arrived, found.not_run, found.unknown];
            cuts.add_row(std::iter::once(place.clone()).chain(counts.map(|count| count.to_string())));
        }
        text.push_str(&format!("\n{}\n", trimmed(&cuts)));
    }
    text.push_str(match report.verdict() {
        Ok(()) => "\nthe chains agree with everything the callers were told",
        Err(_) => "\nTHE CHAINS DISAGREE with what the callers were told",
    });
    text
}

fn verdict(report: &Report) -> Result<(), Failure> {
    let Err(found) = report.verdict() else { return Ok(()) };
    let mut text = String::from("the chains disagree with what the callers were told: ");
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    text.push_str(&found.join("; "));
    for offender in &report.calls.offenders {
        text.push_str("\n    ");
        text.push_str(offender);
    }
    let advice = format!("run it again with --seed {}; this is a defect of ham: report it", report.seed);
    Err(Failure::new(Exit::Disagrees, anyhow::anyhow!(text), advice))
}

/// [`DEFAULT_SOAK_LOSSES`](crate::demo::DEFAULT_SOAK_LOSSES), as an argument.
const DEFAULT_SOAK_LOSSES_TEXT: &str = "1000";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::DEFAULT_SOAK_LOSSES;

    #[test]
    fn the_losses_of_a_soak_are_written_once() {
        assert_eq!(DEFAULT_SOAK_LOSSES_TEXT, DEFAULT_SOAK_LOSSES.to_string());
    }

    #[test]
    fn a_disagreement_has_its_own_exit_code_and_says_what() {
        let mut report = Report::default();
        verdict(&report).unwrap();
        report.calls.ran_too_often = 2;
        let failure = verdict(&report).unwrap_err();
        assert_eq!(failure.exit, Exit::Disagrees);
        assert!(failure.text().contains("2 calls ran more often than they may"), "{}", failure.text());
        assert!(tables(&report).contains("DISAGREE"));
    }
}
