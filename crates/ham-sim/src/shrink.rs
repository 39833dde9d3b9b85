//! Shrinks a failing life: delta debugging over its elements.

use std::time::Duration;

use crate::life::{Layer, Life};
use crate::mask::Mask;
use crate::one::live_one;
use crate::time::real;

/// A life from which nothing more could be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shrunk {
    /// What was left out.
    pub(crate) mask: Mask,
    /// How many elements there were.
    pub(crate) from: usize,
    /// How many are left.
    pub(crate) to: usize,
    /// How many lives were tried.
    pub(crate) runs: u32,
}

/// Leaves out as many elements of a life as possible while `invariant` is still broken, within [`MOST_RUNS`] lives or [`LONGEST`] of
/// real time. The rest can be repeated from the seed and the mask alone.
#[must_use]
pub(crate) fn shrink<L: Layer>(whole: &L::Life, mask: &Mask, invariant: &str) -> Shrunk {
    let began = real();
    let from = whole.elements();
    let mut mask = mask.clone();
    let mut left: Vec<usize> = (0..from).filter(|element| mask.keeps(*element)).collect();
    let mut runs = 0;
    let mut size = left.len().div_ceil(2);
    while size > 0 && !left.is_empty() {
        let mut smaller = false;
        let mut start = 0;
        while start < left.len() {
            if runs >= MOST_RUNS || began.elapsed() >= LONGEST {
                return Shrunk { mask, from, to: left.len(), runs };
            }
            let end = (start + size).min(left.len());
            let candidate = mask.with(left[start..end].iter().copied());
            runs += 1;
            let lived = live_one::<L>(&whole.without(&candidate), false);
            if lived.findings.iter().any(|finding| finding.invariant == invariant) {
                mask = candidate;
                left.drain(start..end);
                smaller = true;
            } else {
                start = end;
            }
        }
        // Single elements are tried until none can go: removing one can make another unnecessary.
        size = if size == 1 && smaller { 1 } else { size / 2 };
    }
    Shrunk { mask, from, to: left.len(), runs }
}

/// The most lives that are tried.
pub(crate) const MOST_RUNS: u32 = 500;
/// The most real time that is taken.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);
