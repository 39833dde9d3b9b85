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
pub use find::cargo::BUILD_TIMEOUT;
pub use find::for_tests::TEST_RELEASE_VARIABLE;
pub use find::install::{Install, InstallSource};
pub use find::lookup::Lookup;
pub use find::progress::Progress;
pub use find::ready::{READY_VARIABLE, ReadyDirectory};
pub use find::release::{HOLOCHAIN_VERSION, Release, UnknownRelease};
pub use find::tool::{RELAY_VERSION, Tool};
pub use find::version::Version;
pub use network::conductors::{ACQUAINTED_INTERVAL, ConductorNetwork, DEFAULT_ACQUAINTED_TIMEOUT};
pub use network::relay::{RELAY_READY_TIMEOUT, Relay};
pub use run::boot::DEFAULT_STOP_TIMEOUT;
pub use run::builder::{ConductorBuilder, DEFAULT_READY_TIMEOUT, DEFAULT_REQUEST_TIMEOUT};
pub use run::data::MAX_DATA_PATH;
pub use run::launch::{Conductor, Stopped};
pub use run::logs::{DEFAULT_RUST_LOG, MAX_LOG_LINES};
pub use run::settings::{DbSyncLevel, Keystore, Network, Passphrase};
pub use run::watchdog::Watchdog;
