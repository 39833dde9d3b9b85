//! What was found in the lives of a run, added up.

use std::collections::BTreeMap;

use crate::coverage::Counts;
use crate::dice::mixed;
use crate::finding::{Finding, REPEATS};
use crate::life::{Layer, Life};
use crate::mask::Mask;
use crate::one::live_one;

/// What was found about one invariant.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// How many lives broke it.
    pub(crate) lives: u64,
    /// The seeds that did, lowest first; at most [`SEEDS_KEPT`].
    pub(crate) seeds: Vec<u64>,
    /// What the lowest seed broke.
    pub(crate) finding: Finding,
}

/// What some lives add up to.
#[derive(Default)]
pub(super) struct Sum {
    pub(super) lives: u64,
    pub(super) broken: u64,
    pub(super) elements: u64,
    pub(super) hash: u64,
    pub(super) found: BTreeMap<&'static str, Found>,
    pub(super) reached: Counts,
}

impl Sum {
    /// Lives a seed. Returns whether it broke a promise.
    pub(super) fn live<L: Layer>(&mut self, seed: u64) -> bool {
        let life = L::generate(seed).without(&Mask::none());
        let mut lived = live_one::<L>(&life, false);
        let digest = lived.history.digest();
        if mixed(seed).is_multiple_of(REPEAT_ONE_IN) && live_one::<L>(&life, false).history.digest() != digest
        {
            lived.findings.push(Finding {
                invariant: REPEATS,
                at: None,
                words: "the same seed, lived twice, gave two histories".to_owned(),
            });
        }
        self.lives += 1;
        self.elements += life.elements() as u64;
        self.broken += u64::from(!lived.findings.is_empty());
        self.hash = self.hash.wrapping_add(mixed(digest ^ mixed(seed)));
        self.reached.merge(&lived.reached);
        let broken = !lived.findings.is_empty();
        for finding in lived.findings {
            // A life that breaks a promise twice counts once.
            let fresh = Found { lives: 1, seeds: vec![seed], finding };
            match self.found.get_mut(fresh.finding.invariant) {
                Some(found) if found.seeds.contains(&seed) => {}
                Some(found) => found.add(fresh),
                None => drop(self.found.insert(fresh.finding.invariant, fresh)),
            }
        }
        broken
    }

    pub(super) fn add(&mut self, other: Self) {
        self.lives += other.lives;
        self.broken += other.broken;
        self.elements += other.elements;
        self.hash = self.hash.wrapping_add(other.hash);
        self.reached.merge(&other.reached);
        for (invariant, found) in other.found {
            match self.found.get_mut(invariant) {
                Some(known) => known.add(found),
                None => drop(self.found.insert(invariant, found)),
            }
        }
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        if other.seeds.first() < self.seeds.first() {
            self.finding = other.finding;
        }
        self.lives += other.lives;
        self.seeds.extend(other.seeds);
        self.seeds.sort_unstable();
        self.seeds.truncate(SEEDS_KEPT);
    }
}

/// How many seeds are kept for each invariant.
const SEEDS_KEPT: usize = 10;
/// One life in this many is lived twice and compared.
const REPEAT_ONE_IN: u64 = 64;
