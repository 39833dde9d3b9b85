//! `ham demo --soak`: very many calls over very many lost links, and whether they leave anything behind.

use serde_json::json;

use super::failed::failure;
use crate::commands::info::{plain, trimmed};
use crate::context::Context;
use crate::demo::{SoakOptions, SoakProgress, SoakReport, soak};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Spinner;

pub(super) async fn run(context: &Context, options: SoakOptions) -> Result<(), Failure> {
    let release = options.release;
    let spinner = Spinner::start(context.output, "looking for a conductor");
    let ended = soak(options, |progress| {
        spinner.say(&progress.to_string(), matches!(progress, SoakProgress::Mark(_)));
    })
    .await;
    drop(spinner);
    let report = ended.map_err(|error| failure(error, release))?;
    let found = report.verdict().err().unwrap_or_default();
    let value = json!({ "report": report, "agrees": found.is_empty(), "disagreements": found });
    context.output.result(|| tables(&report, &found), &value)?;
    if found.is_empty() {
        return Ok(());
    }
    let advice = "run it again; if it repeats, this is a defect of ham: report it with these figures";
    Err(Failure::new(Exit::Disagrees, anyhow::anyhow!("not so: {}", found.join("; ")), advice))
}

fn tables(report: &SoakReport, found: &[String]) -> String {
    let mut counts = plain(["calls", ""]);
    counts.add_row(["links lost", &report.losses.to_string()]);
    for (told, count) in &report.echoes {
        counts.add_row([format!("echoes, {told}"), count.to_string()]);
    }
    let writes = &report.writes;
    for (what, count) in [
        ("writes", writes.made),
        ("  answered", writes.answered),
        ("  answered with an error", writes.refused),
        ("  arrived, the answer lost", writes.arrived_on_chain + writes.arrived_not_on_chain),
        ("  not run", writes.not_run),
        ("  unknown", writes.unknown_on_chain + writes.unknown_not_on_chain),
    ] {
        counts.add_row([what, &count.to_string()]);
    }
    let mut vitals = plain([
        "calls",
        "lost links",
        "after s",
        "KiB",
        "descriptors",
        "tasks",
        "conductor KiB",
        "its descriptors",
    ]);
    for mark in &report.vitals {
        vitals.add_row([
            mark.calls,
            mark.losses,
            mark.after_ms / 1000,
            mark.memory_kib,
            mark.descriptors as u64,
            mark.tasks as u64,
            mark.conductor_memory_kib,
            mark.conductor_descriptors as u64,
        ]);
    }
    let ending = if found.is_empty() {
        "every call was told the truth, and nothing grew".to_owned()
    } else {
        format!("NOT SO: {}", found.join("\n        "))
    };
    format!("{}\n\n{}\n\n{ending}", trimmed(&counts), trimmed(&vitals))
}
