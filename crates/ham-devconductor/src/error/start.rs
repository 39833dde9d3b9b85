//! Why an embedded conductor does not start.

use std::io;
use std::path::PathBuf;

use super::Cause;

/// Why an embedded conductor does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data directory cannot be created, read or locked.
    #[error("the data directory {} cannot be used", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another conductor uses the data directory.
    #[error("the data directory {} is in use by another conductor", .0.display())]
    InUse(PathBuf),
    /// A database cannot be opened, read or written.
    #[error("a database cannot be used")]
    Database {
        /// What the database says.
        source: Cause,
    },
    /// The keystore cannot be opened, for example because its passphrase is a different one.
    #[error("the keystore cannot be opened")]
    Keystore {
        /// What the keystore says.
        source: Cause,
    },
    /// The admin interface cannot listen on its port.
    #[error("cannot listen on port {port}")]
    Port {
        /// The port; 0 for any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// A kept app interface can listen neither on its port nor on a free one, for example because the machine no longer has its address.
    #[error("an app interface that is kept cannot listen on port {port}, nor on a free one")]
    AppPort {
        /// The port; 0 for any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// An app that was enabled cannot be started again.
    #[error("the app {id} cannot be started")]
    App {
        /// The app.
        id: String,
        /// Why its cells cannot be started.
        source: Cause,
    },
}
