//! What a demonstration is doing.

use std::fmt;

use super::report::KillReport;

/// What a demonstration is doing. `Display` is a line to show.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Progress {
    /// The conductor's binary is being built, once per machine.
    Building(ham_launcher::Progress),
    /// The conductor starts.
    Starting,
    /// The app is installed and every cell can be called.
    Ready {
        /// The conductor's process id.
        process: u32,
        /// How many cells are called.
        cells: usize,
    },
    /// The conductor was killed.
    Killed {
        /// Which kill, from 1.
        kill: u32,
        /// Calls that had ended.
        ended: u32,
        /// Calls that were outstanding.
        outstanding: usize,
    },
    /// The conductor is back and calls are answered.
    Recovered(KillReport),
    /// The link was cut.
    Cut {
        /// Which cut, from 1.
        cut: u32,
        /// Of how many.
        of: u32,
        /// Where, and in which call.
        place: String,
        /// What the caller was told.
        ending: String,
    },
    /// The load is done, and the chains are being read.
    Reading,
}

impl Progress {
    /// Whether a terminal that shows one line per event should show this one.
    pub fn is_worth_a_line(&self) -> bool {
        match self {
            Self::Building(progress) => progress.is_worth_a_line(),
            Self::Cut { cut, of, .. } => cut % 20 == 0 || cut == of,
            Self::Starting
            | Self::Ready { .. }
            | Self::Killed { .. }
            | Self::Recovered(_)
            | Self::Reading => true,
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Building(progress) => progress.fmt(f),
            Self::Starting => f.write_str("starting a conductor"),
            Self::Ready { process, cells } => {
                write!(f, "the conductor (process {process}) runs {cells} cells")
            }
            Self::Killed { kill, ended, outstanding } => {
                write!(f, "kill {kill}: {outstanding} calls outstanding, {ended} ended")
            }
            Self::Recovered(kill) => write!(f, "kill {}: {kill}", kill.kill),
            Self::Cut { cut, of, place, ending } => write!(f, "cut {cut} of {of}: {place}: {ending}"),
            Self::Reading => f.write_str("reading the chains"),
        }
    }
}
