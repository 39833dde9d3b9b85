//! Two transcripts beside each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::transcript::Step;

/// What one conductor did: by scenario, the steps and the time they took.
pub(crate) type Run = Vec<(&'static str, Vec<Step>, Duration)>;

/// Everything that is wrong with two runs, as a text; empty when nothing is.
pub(crate) fn compare(embedded: &Run, real: &Run, excuses: &BTreeMap<String, String>) -> String {
    let (mut text, mut differ, mut known) = (String::new(), BTreeSet::new(), BTreeSet::new());
    for ((scenario, ours, _), (_, theirs, _)) in embedded.iter().zip(real) {
        for (name, our, their) in pairs(ours, theirs) {
            let step = format!("{scenario}/{name}");
            known.insert(step.clone());
            if our == their {
                continue;
            }
            if !excuses.contains_key(&step) {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{step}\n    embedded:  {our}\n    holochain: {their}");
            }
            differ.insert(step);
        }
    }
    for step in excuses.keys() {
        if !known.contains(step) {
            let _ = writeln!(text, "{step} is excused and is no step");
        } else if !differ.contains(step) {
            let _ = writeln!(text, "{step} is excused and does not differ");
        }
    }
    text
}

/// Steps by name; one that the other did not do is told so.
fn pairs<'a>(ours: &'a [Step], theirs: &'a [Step]) -> Vec<(&'a str, &'a str, &'a str)> {
    const NONE: &str = "(not done)";
    let answer = |steps: &'a [Step], name: &str| {
        steps.iter().find(|step| step.name == name).map_or(NONE, |step| step.answer.as_str())
    };
    let both = ours.iter().map(|step| (step.name.as_str(), step.answer.as_str(), answer(theirs, &step.name)));
    let theirs_only = theirs.iter().filter(|step| answer(ours, &step.name) == NONE);
    both.chain(theirs_only.map(|step| (step.name.as_str(), NONE, step.answer.as_str()))).collect()
}

/// How long the first scenarios took.
pub(crate) fn times(embedded: &Run, real: &Run, count: usize) -> String {
    let mut text = String::new();
    let total = |run: &Run| run.iter().take(count).map(|(_, _, took)| *took).sum::<Duration>();
    for ((scenario, _, ours), (_, _, theirs)) in embedded.iter().zip(real).take(count) {
        let _ = writeln!(text, "{scenario:40} {:8.1} ms {:8.1} ms", millis(*ours), millis(*theirs));
    }
    let (ours, theirs) = (total(embedded), total(real));
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64().max(f64::EPSILON);
    let _ = writeln!(
        text,
        "{count} scenarios: embedded {:.1} ms, holochain {:.1} ms, ratio {ratio:.1}",
        millis(ours),
        millis(theirs)
    );
    text
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[test]
fn what_differs_has_to_be_listed_and_what_is_listed_has_to_differ() {
    let run = |answers: [&str; 2]| -> Run {
        let steps = ["one", "two"].into_iter().zip(answers);
        let steps = steps.map(|(name, answer)| Step { name: name.to_owned(), answer: answer.to_owned() });
        vec![("scenario", steps.collect(), Duration::ZERO)]
    };
    let listed = |steps: &[&str]| steps.iter().map(|step| ((*step).to_owned(), String::new())).collect();
    let (ours, theirs) = (run(["a", "b"]), run(["a", "c"]));
    assert_eq!(compare(&ours, &ours, &listed(&[])), "");
    assert!(compare(&ours, &theirs, &listed(&[])).starts_with("scenario/two\n    embedded:  b\n"));
    assert_eq!(compare(&ours, &theirs, &listed(&["scenario/two"])), "");
    let stale = compare(&ours, &ours, &listed(&["scenario/two"]));
    assert_eq!(stale, "scenario/two is excused and does not differ\n");
    let unknown = compare(&ours, &ours, &listed(&["scenario/three"]));
    assert_eq!(unknown, "scenario/three is excused and is no step\n");
    let mut shorter = theirs;
    shorter[0].1.pop();
    assert!(compare(&ours, &shorter, &listed(&[])).contains("holochain: (not done)"));
    assert!(compare(&shorter, &ours, &listed(&[])).contains("embedded:  (not done)"));
}
