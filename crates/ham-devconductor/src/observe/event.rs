//! What is reported.

use std::fmt;
use std::time::Duration;

use holo_hash::ActionHash;
use holochain_types::prelude::{
    AgentPubKey, CellId, Entry, FunctionName, Level, Record, Timestamp, ZomeName,
};

use super::judged::Outcome;
use super::payload::Payload;
use super::phase::Phase;

/// Names a call for as long as its conductor runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(super) u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c-{}", self.0)
    }
}

/// An event and its time, by the system's clock.
#[derive(Debug, Clone)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// What happens in a conductor. A call's writes are reported before its end.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A call begins: a client's or a zome's.
    Began {
        /// Its name.
        call: CallId,
        /// The call that made it.
        parent: Option<CallId>,
        /// The cell that is called.
        cell: CellId,
        /// The zome.
        zome: ZomeName,
        /// The function.
        function: FunctionName,
        /// Who calls.
        provenance: AgentPubKey,
        /// The argument.
        payload: Payload,
    },
    /// A call ended.
    Ended {
        /// Its name.
        call: CallId,
        /// How.
        outcome: Outcome,
        /// What it wrote to its cell's chain, in order; what `init` wrote is not included.
        wrote: Vec<ActionHash>,
        /// How long.
        took: Duration,
        /// Where the time went; only phases that took some time.
        phases: Vec<(Phase, Duration)>,
    },
    /// The `post_commit` that follows a call ended.
    PostCommitted {
        /// The call.
        call: CallId,
        /// How long it ran.
        took: Duration,
    },
    /// Records were written to a chain, by a call, by `init` or by an administrator.
    Committed {
        /// Whose chain.
        cell: CellId,
        /// In order. Entries of more than [`MAX_SHOWN`](super::MAX_SHOWN) bytes are omitted, as
        /// [`NotStored`](holochain_types::prelude::RecordEntry::NotStored).
        records: Vec<Record>,
    },
    /// A zome sent a signal.
    Signal {
        /// The call that sent it.
        call: Option<CallId>,
        /// Where.
        cell: CellId,
        /// The zome.
        zome: ZomeName,
        /// Its content.
        payload: Payload,
    },
    /// A zome logged a line, whatever `WASM_LOG` lets through.
    Log {
        /// The call that logged it.
        call: Option<CallId>,
        /// `None` if a zome validates.
        cell: Option<CellId>,
        /// The zome.
        zome: ZomeName,
        /// The function.
        function: FunctionName,
        /// Its severity.
        level: Level,
        /// At most [`MAX_SHOWN`](super::MAX_SHOWN) bytes of it.
        text: String,
    },
    /// Faults were injected, or removed: [`Observer::faults`](crate::Observer::faults).
    Faults,
    /// Apps or clones came, went, or changed their status.
    Apps,
    /// A cell runs other coordinator zomes.
    Reloaded {
        /// The cell.
        cell: CellId,
        /// The new zomes.
        zomes: Vec<ZomeName>,
    },
}

impl Event {
    /// Roughly how many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        EVENT
            + match self {
                Self::Began { payload, .. } | Self::Signal { payload, .. } => payload.bytes(),
                Self::Ended { outcome, wrote, .. } => outcome.bytes() + wrote.len() * HASH,
                Self::Committed { records, .. } => records.iter().map(|record| EVENT + bytes(record)).sum(),
                Self::Log { text, .. } => text.len(),
                Self::PostCommitted { .. } | Self::Faults | Self::Apps | Self::Reloaded { .. } => 0,
            }
    }
}

/// The bytes of a record's entry.
fn bytes(record: &Record) -> usize {
    match record.entry().as_option() {
        Some(Entry::App(bytes)) => bytes.as_ref().bytes().len(),
        _ => 0,
    }
}

/// Roughly the bytes of an event or an action, and of a hash.
const EVENT: usize = 512;
const HASH: usize = 64;
