//! The connection as its users hold it.

mod app;
mod calls;
mod handle;
mod watchdog;

pub use handle::PersistentHam;
pub use watchdog::notify_systemd;
