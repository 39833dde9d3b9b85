//! The circles among files that need each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::paths::Needs;

/// A shortest circle through each file that is on one and on none shown before, for people.
pub(crate) fn of(needs: &Needs) -> Vec<String> {
    let mut shown = BTreeSet::new();
    let mut circles = Vec::new();
    for file in needs.keys() {
        if shown.contains(file) {
            continue;
        }
        if let Some(circle) = shortest(needs, file) {
            circles.push(text(needs, &circle));
            shown.extend(circle);
        }
    }
    circles
}

/// The shortest way from a file back to itself.
fn shortest(needs: &Needs, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(file) = next.pop_front() {
        for needed in needs.get(file)?.keys() {
            if needed == start {
                let mut circle = vec![file.to_owned()];
                let mut at = file;
                while at != start {
                    at = came_from[at];
                    circle.push(at.to_owned());
                }
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(needed.as_str()) {
                came_from.insert(needed, file);
                next.push_back(needed);
            }
        }
    }
    None
}

fn text(needs: &Needs, circle: &[String]) -> String {
    let next = circle.iter().cycle().skip(1);
    let lines = circle.iter().zip(next).map(|(file, needed)| {
        let by = &needs[file][needed];
        format!("{file} needs {needed} (`{by}`)")
    });
    lines.collect::<Vec<_>>().join("\n")
}
