//! The embedded conductor beside the real one: scenarios that are written once, run on both, and compared answer by answer.
//!
//! `DIVERGENCES.md` is the list of what may differ: a difference that is not in it fails, and so does a row that nothing
//! differs for. The variable `HAM_CONFORMANCE` names scenarios to run, by a part of their names; then the list is not asked
//! for completeness.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod app;
mod excuses;
mod report;
mod scenarios;
mod stage;
mod transcript;
mod value;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt as _;
use ham_devconductor::DevConductor;
use ham_launcher::{Conductor, Relay};
use tokio::time::{Instant, timeout};

use report::Run;
use stage::{BOUND, Stage};

/// How many scenarios the report of times has.
const TIMED: usize = 20;

/// A scenario: its name, and what it does on a stage.
pub(crate) struct Scenario {
    name: &'static str,
    play: for<'a> fn(&'a mut Stage) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
}

#[test]
fn embedded_and_real_conductor_answer_alike() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let wanted = std::env::var("HAM_CONFORMANCE").unwrap_or_default();
        let mut scenarios = scenarios::all();
        scenarios.retain(|scenario| wanted.split(',').any(|part| scenario.name.contains(part)));

        let conductor = DevConductor::start().await.unwrap();
        let mut embedded = Stage::new(conductor.admin_port()).await;
        let relay = Relay::start().await.unwrap();
        let holochain = Conductor::builder().with_relay(&relay).start().await.unwrap();
        let mut real = Stage::new(holochain.admin_port()).await;

        // One after the other where the time counts, side by side for the rest.
        let (timed, rest) = scenarios.split_at(TIMED.min(scenarios.len()));
        let mut ours = run(&mut embedded, timed).await;
        let mut theirs = run(&mut real, timed).await;
        let (our_rest, their_rest) = tokio::join!(run(&mut embedded, rest), run(&mut real, rest));
        ours.extend(our_rest);
        theirs.extend(their_rest);
        conductor.shut_down().await;
        holochain.kill().await.unwrap();
        let (embedded, real) = (ours, theirs);

        let mut excuses = excuses::excuses();
        if wanted.is_empty() {
            println!("{}", report::times(&embedded, &real, TIMED));
        } else {
            excuses.retain(|step, _| {
                scenarios.iter().any(|scenario| step.split('/').next() == Some(scenario.name))
            });
            for (name, steps, _) in &real {
                for step in steps {
                    println!("{name}/{}: {}", step.name, step.answer);
                }
            }
        }
        let steps: usize = embedded.iter().map(|(_, steps, _)| steps.len()).sum();
        println!("{} scenarios, {steps} steps, {} excused", scenarios.len(), excuses.len());
        let text = report::compare(&embedded, &real, &excuses);
        assert!(text.is_empty(), "they differ:\n{text}");
    });
}

async fn run(stage: &mut Stage, scenarios: &[Scenario]) -> Run {
    let mut run = Vec::new();
    for scenario in scenarios {
        // What a conductor does to a connection is not the next scenario's.
        stage.renew().await;
        stage.begin(scenario.name);
        let begun = Instant::now();
        let played = AssertUnwindSafe((scenario.play)(stage)).catch_unwind();
        match timeout(BOUND, played).await {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => {
                let text = panic.downcast_ref::<String>().map_or("without a text", String::as_str);
                stage.say("the scenario panicked", text);
            }
            Err(_) => stage.say("the scenario did not end", ""),
        }
        run.push((scenario.name, stage.end(), begun.elapsed()));
    }
    run
}
