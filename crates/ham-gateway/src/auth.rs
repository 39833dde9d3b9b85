//! Who asks, and what they may.

mod caller;
mod guess;
mod identity;
mod key;
mod rate;

#[expect(unused_imports, reason = "streams take it")]
pub(crate) use caller::QueryCaller;
pub(crate) use caller::{Caller, Operations, Peer};
pub(crate) use guess::Guesses;
pub(crate) use identity::Identity;
pub use identity::Scope;
pub(crate) use key::Keys;
pub use key::{BadKeys, NewKey};
pub(crate) use rate::Refused;
