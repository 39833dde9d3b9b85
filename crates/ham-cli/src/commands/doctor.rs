//! `ham doctor`: follows the path of a call step by step and names the step that fails.
//!
//! It writes nothing to a source chain, unless `--call` asks for the last two steps to be done for real.

mod admin;
mod findings;
mod steps;

use findings::{Finding, Findings, Stopped};
use serde_json::{Value, json};

use crate::commands::info::{plain, trimmed};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;

/// Finds out why there is no connection, or why calls fail.
#[derive(Debug, clap::Args)]
#[command(args = flags::app_interface())]
pub(crate) struct Args {
    /// Also sign a call, and ask every cell whether it can be called. With ham's own keys this writes one capability
    /// grant per cell, once; a cell that was never called runs its init
    #[arg(long)]
    call: bool,
}

/// The steps, in the order of a call's path.
const STEPS: [&str; 9] =
    ["settings", "admin port", "origin", "release", "app state", "token", "app port", "signing", "cell"];

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let mut findings = Findings::default();
    if let Err(Stopped { step, failure }) = steps::walk(context, args.call, &mut findings).await {
        findings.found.push((step, Finding::Bad(failure)));
    }
    show(context, &findings)?;
    let bad = findings.found.into_iter().find_map(|(step, finding)| match finding {
        Finding::Bad(failure) => Some((step, failure)),
        Finding::Good(_) | Finding::Skipped(_) => None,
    });
    match bad {
        None => Ok(()),
        Some((step, failure)) => Err(conclusion(step, &failure)),
    }
}

/// The failure of the whole: short, because the step's own words were shown.
fn conclusion(step: &str, failure: &Failure) -> Failure {
    let exit = match failure.exit {
        Exit::Usage | Exit::NoConnection | Exit::Local => failure.exit,
        // The doctor only reads: a missing answer means that the connection does not work.
        Exit::Unknown => Exit::NoConnection,
        _ => Exit::Refused,
    };
    Failure::new(exit, anyhow::anyhow!("the step `{step}` failed"), failure.advice().unwrap_or("see above"))
}

fn show(context: &Context, findings: &Findings) -> Result<(), Failure> {
    let text = || {
        let mut table = plain(["", "step", "finding"]);
        for step in STEPS {
            let (mark, detail) = match finding(findings, step) {
                Some(Finding::Good(detail)) => ("ok", detail.clone()),
                Some(Finding::Skipped(why)) => ("-", why.clone()),
                Some(Finding::Bad(failure)) => ("FAILS", failure.causes().join(": ")),
                None => ("", "not reached".to_owned()),
            };
            table.add_row([mark, step, &detail]);
        }
        let mut text = trimmed(&table);
        if !findings.limits().is_empty() {
            text.push_str("\n\nOn this release:");
        }
        for limit in findings.limits() {
            text.push_str("\n- ");
            text.push_str(limit);
        }
        text
    };
    let steps: Vec<Value> = STEPS.iter().map(|step| step_json(step, finding(findings, step))).collect();
    context.output.result(text, &json!({ "steps": steps, "limits": findings.limits() }))
}

fn finding<'a>(findings: &'a Findings, step: &str) -> Option<&'a Finding> {
    findings.found.iter().find(|(name, _)| *name == step).map(|(_, finding)| finding)
}

fn step_json(step: &str, finding: Option<&Finding>) -> Value {
    match finding {
        Some(Finding::Good(detail)) => json!({ "step": step, "finding": "ok", "detail": detail }),
        Some(Finding::Skipped(why)) => json!({ "step": step, "finding": "skipped", "detail": why }),
        Some(Finding::Bad(failure)) => {
            json!({ "step": step, "finding": "fails", "detail": failure.causes().join(": "), "advice": failure.advice() })
        }
        None => json!({ "step": step, "finding": "not reached" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_shown_once_and_the_failing_one_is_named() {
        let mut findings = Findings::default();
        findings.good("settings", "fine");
        findings.found.push(("admin port", Finding::Bad(Failure::usage("closed", "open it"))));
        let shown: Vec<Value> = STEPS.iter().map(|step| step_json(step, finding(&findings, step))).collect();
        let words: Vec<&str> = shown.iter().map(|step| step["finding"].as_str().unwrap()).collect();
        assert_eq!(words[..3], ["ok", "fails", "not reached"]);
        assert!(
            conclusion("admin port", &Failure::usage("closed", "open it")).text().contains("`admin port`")
        );
    }
}
