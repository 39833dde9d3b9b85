//! The parts that a reload replaces: everything that is read from files and that no connection depends on.

use std::sync::Arc;

use holochain_zome_types::prelude::Timestamp;
use rustls::ServerConfig;

use crate::auth::Keys;
use crate::compat::Allowed;
use crate::config::Config;
use crate::error::{StartError, listed};
use crate::functions::Functions;
use crate::nats::Secrets;
use crate::tls;

/// The configuration that applies now, and what is derived from it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) config: Config,
    pub(crate) keys: Keys,
    pub(crate) functions: Functions,
    /// What anybody may call in the form of other gateways.
    pub(crate) compat: Allowed,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// The gateway's identity for NATS.
    #[cfg_attr(not(feature = "nats"), expect(dead_code, reason = "without NATS it is only checked"))]
    pub(crate) nats: Secrets,
}

impl Live {
    /// Reads the files that the configuration names.
    pub(crate) fn of(config: Config) -> Result<Self, StartError> {
        let faults = config.check();
        if !faults.is_empty() {
            return Err(StartError::Config(faults));
        }
        let keys = match &config.keys {
            Some(path) => Keys::read(path).map_err(StartError::Keys)?,
            None => Keys::default(),
        };
        // Both were compiled when they were checked.
        let functions = Functions::of(&config.function).unwrap_or_default();
        let compat = Allowed::of(&config.compat.allowed).unwrap_or_default();
        let tls = config
            .tls
            .as_ref()
            .map(tls::read)
            .transpose()
            .map_err(|wrong| StartError::Tls(listed(&wrong)))?;
        let nats = Secrets::read(&config.nats).map_err(StartError::Nats)?;
        keys.has_caller_of(&config.nats, Timestamp::now())
            .map_err(|why| StartError::Nats(format!("calls_as: {why}")))?;
        Ok(Self { config, keys, functions, compat, tls, nats })
    }
}
