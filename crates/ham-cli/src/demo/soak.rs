//! The soak: very many calls over very many lost links, which must leave nothing behind.
//!
//! 1. A conductor with the probe, and a connection whose app link goes through a fault proxy.
//! 2. `load`: callers that echo, and now and then write, under every policy; `losses`: the proxy cuts or resets the link, spread
//!    evenly over the calls, while calls are under way.
//! 3. `vitals`: memory, descriptors and tasks of this process, memory and descriptors of the conductor's, ten times and at both ends.
//! 4. [`SoakReport`]: the figures, and [`SoakReport::verdict`].

mod load;
mod losses;
mod options;
mod report;
mod run;
mod vitals;

pub use options::{DEFAULT_SOAK_CALLS, DEFAULT_SOAK_LOSSES, SOAK_CALLERS, SoakOptions, WRITE_EVERY};
pub use report::{Leak, MEMORY_BOUND_KIB, SoakProgress, SoakReport};
pub use run::soak;
pub use vitals::Vitals;
