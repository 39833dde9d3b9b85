//! Why an embedded conductor does not start.

use std::io;
use std::path::PathBuf;

use super::Cause;
use super::port::{kept_port_of, port_of};

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
    /// The passphrase is not the one that the keystore of the data directory was made with.
    #[error("the passphrase is not that of the keystore")]
    Passphrase {
        /// What the keystore says.
        source: Cause,
    },
    /// A file of the keystore is missing, or cannot be read or written.
    #[error("the keystore's file {} cannot be used", path.display())]
    KeystoreFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The keystore cannot be opened for another reason, for example because another program has it open.
    #[error("the keystore cannot be opened")]
    Keystore {
        /// What the keystore says.
        source: Cause,
    },
    /// The admin interface cannot listen on its port.
    #[error("cannot listen on {}", port_of(*port))]
    Port {
        /// The port; 0 for any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// A kept app interface can listen neither on its port nor on a free one, for example because the machine no longer has its address.
    #[error("a saved app interface cannot listen on {}", kept_port_of(*port))]
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

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::StartError;
    use crate::error::AttachError;

    /// Case: "cannot listen on port 0".
    #[test]
    fn a_free_port_is_not_called_port_0() {
        let source = || ErrorKind::AddrInUse.into();
        assert_eq!(
            StartError::Port { port: 0, source: source() }.to_string(),
            "cannot listen on any free port"
        );
        assert_eq!(AttachError::Port { port: 9, source: source() }.to_string(), "cannot listen on port 9");
        let kept = |port| StartError::AppPort { port, source: source() }.to_string();
        assert!(kept(0).ends_with("listen on any free port") && kept(9).ends_with("port 9 or on a free one"));
    }
}
