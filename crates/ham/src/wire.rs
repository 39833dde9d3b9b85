//! The wire: what is sent to a conductor and what comes back, read and interpreted.

mod answer;
mod codec;
pub(crate) mod find;
mod not_running;
mod protocol;
mod refusal;
mod request;
mod verdict;

pub use answer::{BadAnswer, SPOKEN};
pub(crate) use answer::{admin_answer, app_answer, named, unexpected, zome_output};
pub use codec::Incoming;
pub(crate) use codec::{shallow, unreadable};
pub use not_running::NotRunning;
pub(crate) use not_running::not_enabled;
pub use protocol::{ConductorProtocol, Interface, Welcome};
pub use refusal::{DEFAULT_PRESSURE_COOLDOWN, Effect, Refusal};
pub use request::Request;
pub(crate) use verdict::Verdict;
