//! The releases of Holochain that ham speaks, and everything in which they differ.
//!
//! [`table`] holds the differences as data, one column per release; [`grant`] and [`definition`] hold the shapes that changed,
//! [`refusals`] the error texts. `wire/find.rs` finds out which release a link talks to. The rest of ham asks a [`Dialect`] and names no release.

pub(crate) mod definition;
pub(crate) mod grant;
pub(crate) mod refusals;
mod release;
pub(crate) mod table;

pub use grant::{CapAccess, CapGrant, CapGrantInfo, GrantedCapability};
pub use refusals::{NOTHING_WRITTEN, NothingWritten, RefusalCause, RefusalKind, Span, Stage};
pub use release::{RELEASE_VARIABLE, Release, UnknownRelease};
pub(crate) use table::Dialect;
