//! What the probe's zome functions take and return: plain serde structs, one module per subject.
//!
//! They travel as named MessagePack, so a test may also declare its own struct with the same field names.

mod capability;
pub mod features;
mod item;
mod ledger;
mod nested;
mod peer;
mod signal;
mod whoami;

pub use capability::{CapabilityClaim, CapabilityRequest, GrantListing, Granted};
pub use item::{CreateItem, ItemCall, ItemListing, SlowCreate, SlowEcho};
pub use ledger::{LedgerPost, PostListing};
pub use nested::{CallOtherCell, CallPeer};
pub use peer::SendRemote;
pub use signal::{CommittedAction, ProbeSignal};
pub use whoami::Whoami;
