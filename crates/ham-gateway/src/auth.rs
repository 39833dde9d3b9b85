//! Callers, and what they may do.

mod caller;
mod guess;
mod identity;
mod key;
mod new_key;
mod rate;

pub(crate) use caller::{Admitted, Caller, Operations, QueryCaller, beyond, may_any};
pub(crate) use guess::Guesses;
pub(crate) use identity::Identity;
pub use identity::{Scope, UnknownScope};
pub use key::BadKeys;
pub(crate) use key::Keys;
pub use new_key::{Allows, NewKey};
