//! Untrue statements about calls.

use std::collections::BTreeSet;

use super::record::Record;
use crate::demo::call::Way;
use crate::demo::report::Calls;
use crate::demo::told::Ending;

/// Something untrue that was told of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lie {
    /// Answered, but not there.
    Missing,
    /// Refused with nothing written, but there.
    Written,
    /// Not run, but there.
    Ran,
    /// Not run by one statement, arrived or answered by another.
    Contradicted,
    /// Arrived or answered, but never sent.
    NeverSent,
}

impl Lie {
    pub(super) fn counted(self, calls: &mut Calls) -> &mut u32 {
        match self {
            Self::Missing => &mut calls.acknowledged_but_missing,
            Self::Written => &mut calls.refused_but_present,
            Self::Ran => &mut calls.not_run_but_present,
            Self::Contradicted => &mut calls.contradicted,
            Self::NeverSent => &mut calls.arrived_but_never_sent,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Missing => "was answered and is not on the chain",
            Self::Written => "was refused with nothing written and is on the chain",
            Self::Ran => "was declared not run and is on the chain",
            Self::Contradicted => "was declared not run and was told to have arrived as well",
            Self::NeverSent => "was told to have arrived and was never sent",
        }
    }
}

/// Every statement counts, not only the last. Each kind of lie is named once per call.
pub(super) fn lies(record: &Record, on_chain: bool) -> BTreeSet<Lie> {
    let arrived = |ending: &Ending| ending.is_answer() || *ending == Ending::Arrived;
    let mut lies = BTreeSet::new();
    for ending in &record.told {
        lies.extend(match (ending, on_chain) {
            (Ending::Ok, false) => Some(Lie::Missing),
            (Ending::Refused { nothing_written: true }, true) => Some(Lie::Written),
            (Ending::NotRun, true) => Some(Lie::Ran),
            _ => None,
        });
    }
    if record.told.contains(&Ending::NotRun) && record.told.iter().any(arrived) {
        lies.insert(Lie::Contradicted);
    }
    if record.call.way == Way::FencedUnsent && record.told.iter().any(arrived) {
        lies.insert(Lie::NeverSent);
    }
    lies
}
