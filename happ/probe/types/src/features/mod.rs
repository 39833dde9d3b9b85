//! What the functions of the role `features` take and return, where the HDK has no type of its own for it.

mod calls;
mod entry;
mod properties;
mod schedule;
mod signal;
mod verdict;

pub use calls::{CallRequest, CryptoCheck, Target};
pub use entry::{
    AnchorName, LinkNotes, LinksOf, OrderedNote, SlowNote, UpdateGrant, UpdateNote, UpdateVerdict, Verdict,
    VerdictLink,
};
pub use properties::{InitPlan, Properties};
pub use schedule::TickCount;
pub use signal::FeatureSignal;
pub use verdict::{Fetch, OpKind, Outcome, Rule};
