//! What happens in a conductor, reported to those who watch it from this process, and what the conductor looks like.

mod event;
mod feed;
mod judged;
mod payload;
mod phase;
mod trace;

pub use event::{CallId, Event, Told};
pub use feed::{Missed, Watch};
pub use judged::{FailureKind, Outcome};
pub use payload::{MAX_SHOWN, Payload};
pub use phase::Phase;

pub(crate) use feed::Feed;
pub(crate) use trace::Trace;
