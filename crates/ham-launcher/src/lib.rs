#![doc = include_str!("../README.md")]
#![cfg(unix)]

mod app;
mod error;
mod find;
mod network;
mod run;

pub use app::admin::{
    CALLABLE_INTERVAL, DEFAULT_ADMIN_TIMEOUT, DEFAULT_CALLABLE_TIMEOUT, InstallOptions, TokenOptions,
};
pub use app::bundle::{
    HappBundleSource, happ_source_digest, probe_bundle, probe_bundle_for, probe_bundle_path,
    probe_bundle_path_for,
};
pub use error::{AdminError, BundleError, InstallError, LaunchError};
pub use find::cache::{CACHE_VARIABLE, CacheDirectory};
pub use find::cargo::{BUILD_TIMEOUT, Progress};
pub use find::install::{Install, InstallSource, TEST_RELEASE_VARIABLE};
pub use find::lookup::Lookup;
pub use find::ready::{READY_VARIABLE, ReadyDirectory};
pub use find::release::{Release, UnknownRelease};
pub use find::tool::{HOLOCHAIN_VERSION, RELAY_VERSION, Tool};
pub use find::version::Version;
pub use network::conductors::{ACQUAINTED_INTERVAL, ConductorNetwork, DEFAULT_ACQUAINTED_TIMEOUT};
pub use network::relay::{RELAY_READY_TIMEOUT, Relay};
pub use run::builder::{ConductorBuilder, DEFAULT_READY_TIMEOUT, DEFAULT_REQUEST_TIMEOUT, DEFAULT_RUST_LOG};
pub use run::config::{DbSyncLevel, Keystore, MAX_DATA_PATH, Network, Passphrase};
pub use run::launch::{Conductor, DEFAULT_STOP_TIMEOUT, Stopped};
pub use run::logs::MAX_LOG_LINES;
pub use run::watchdog::Watchdog;
