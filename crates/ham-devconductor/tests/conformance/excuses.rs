//! The table of what may differ: `DIVERGENCES.md`.

use std::collections::BTreeMap;

/// The frozen list, as the document has it.
const DOCUMENT: &str = include_str!("../../DIVERGENCES.md");

/// How many rows the part `Divergences` may have.
const MAX_DIVERGENCES: usize = 4;

/// Steps that may differ, by `scenario/step`, and why.
pub(crate) fn excuses() -> BTreeMap<String, String> {
    let mut excuses = BTreeMap::new();
    let mut divergences = 0;
    let mut part = "";
    for line in DOCUMENT.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            part = heading;
        }
        let Some(row) = line.strip_prefix("| `") else { continue };
        let cells: Vec<&str> = row.trim_end_matches('|').split(" | ").map(str::trim).collect();
        let [steps, what, _, _, why] = cells[..] else { panic!("a row of five cells: {line}") };
        assert!(!why.is_empty(), "{steps} has no reason");
        divergences += usize::from(part == "Divergences");
        for step in steps.trim_end_matches('`').split("`, `") {
            assert!(step.contains('/'), "{step} names no step of a scenario");
            let before = excuses.insert(step.to_owned(), what.to_owned());
            assert!(before.is_none(), "{step} is excused twice");
        }
    }
    assert!(divergences <= MAX_DIVERGENCES, "{divergences} divergences");
    excuses
}
