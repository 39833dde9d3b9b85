//! The demonstration: a load of calls on a real conductor that is killed and whose link is cut, and the proof from the source chain
//! that every call got a true outcome.
//!
//! `ham demo` and `tests/kills.rs` run the same engine, [`run()`]; they differ only in their [`DemoOptions`].
//!
//! 1. `stage`: a conductor with the probe, an app with several cells, a [`PersistentHam`](ham::PersistentHam).
//! 2. `load`: callers that draw their calls from a seed, and `caller`, which makes each in its way: called under every policy,
//!    prepared and fenced, sent by two tasks, resumed by the next process from a `journal`; `kills`: `kill -9` and restart, under
//!    that load.
//! 3. `cuts`: the conductor stays, a proxy cuts the link at every frame boundary of a request and its answer.
//! 4. `chain`: the contents of every cell's chain, compared with what every caller was told (`ledger`).
//! 5. [`Report`]: the figures, and [`Report::verdict`].
//!
//! [`soak()`] is the same stage under another load: very many calls, very many lost links, and nothing left behind.

mod call;
mod caller;
mod chain;
mod cuts;
mod error;
mod journal;
mod kills;
mod ledger;
mod load;
mod meter;
mod options;
mod port;
mod probe;
mod progress;
mod report;
mod run;
mod script;
mod signals;
mod snapshot;
mod soak;
mod stage;
mod told;
mod wait;

pub use error::DemoError;
pub use options::{
    CALL_DEADLINE, CALLERS, CELLS, DEFAULT_CALLS, DEFAULT_CUTS, DEFAULT_KILLS, DEFAULT_OUTSTANDING,
    DEFAULT_SEED, DemoOptions, MIN_CALLS_PER_KILL, SHORT_DEADLINE,
};
pub use progress::Progress;
pub use report::{Calls, Disagreement, KillReport, PlaceReport, Report, SignalReport};
pub use run::run;
pub use snapshot::Snapshot;
pub use soak::{
    DEFAULT_SOAK_CALLS, DEFAULT_SOAK_LOSSES, Leak, MEMORY_BOUND_KIB, SOAK_CALLERS, SoakOptions, SoakProgress,
    SoakReport, Vitals, WRITE_EVERY, soak,
};
pub use wait::STALL;
