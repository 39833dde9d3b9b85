//! Contradictions to what was promised.

use std::fmt;

/// Something that contradicts what was promised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disagreement {
    /// A count that must be zero is not.
    Count {
        /// What was counted.
        what: &'static str,
        /// How many.
        found: u32,
    },
    /// The conductor's count of items differs from its list.
    Items {
        /// Counted.
        counted: u64,
        /// Listed.
        listed: u64,
    },
    /// The conductor's state grew: every reconnect must leave it as it was.
    Grew {
        /// What grew.
        what: &'static str,
        /// Before.
        before: String,
        /// After.
        after: String,
    },
    /// A lost link left no gap in the signals.
    Gaps {
        /// Links lost by kills.
        lost: u64,
        /// Gaps seen.
        seen: u64,
    },
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { what, found } => write!(f, "{found} calls {what}"),
            Self::Items { counted, listed } => write!(f, "{counted} items are counted and {listed} listed"),
            Self::Grew { what, before, after } => write!(f, "{what} were {before} and are {after}"),
            Self::Gaps { lost, seen } => {
                write!(f, "{lost} links were lost and {seen} gaps seen in the signals")
            }
        }
    }
}
