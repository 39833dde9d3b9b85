//! What can go wrong when a gateway starts.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use ham::{ConnectError, masked, masked_path};

use crate::auth::BadKeys;
use crate::config::Fault;
use crate::outbox::StoreError;

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is wrong.
    #[error("the configuration is wrong: {}", listed(.0))]
    Config(Vec<Fault>),
    /// The feed's bounds cannot work.
    #[error("the feed cannot work")]
    Feed(#[from] ham_feed::server::ServerConfigError),
    /// The keys cannot be used.
    #[error("the keys cannot be used")]
    Keys(#[source] BadKeys),
    /// The certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Tls(String),
    /// What the configuration says of NATS cannot be used.
    #[error("NATS cannot be used: {0}")]
    Nats(String),
    /// The state directory cannot be made.
    #[error("cannot make the state directory {}", masked_path(path))]
    StateDirectory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Users other than the owner can look into the state directory.
    #[error("the state directory {} is open to others (mode {mode:o})", masked_path(path))]
    StateDirectoryOpen {
        /// Which.
        path: PathBuf,
        /// The bits of its mode.
        mode: u32,
    },
    /// The outbox cannot be opened.
    #[error("cannot open the outbox {}", masked_path(path))]
    Outbox {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// The keystore cannot be used.
    #[error("the keystore cannot be used: {0}")]
    Keystore(String),
    /// The admin interface cannot be reached as it is configured.
    #[error("the conductor cannot be connected to")]
    Conductor(#[source] Box<ConnectError>),
    /// The connection of an app cannot work.
    #[error("the app {:?} cannot be connected to", masked(app))]
    Connect {
        /// Which.
        app: String,
        /// Why.
        source: Box<ConnectError>,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

pub(crate) fn listed(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
