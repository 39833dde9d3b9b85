//! The connection as its users hold it.

mod app;
mod calls;
mod handle;
#[cfg(feature = "systemd")]
mod watchdog;

pub use handle::PersistentHam;
#[cfg(feature = "systemd")]
pub use watchdog::notify_systemd;
