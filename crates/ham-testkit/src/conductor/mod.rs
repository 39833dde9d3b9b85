//! Real Holochain conductors, started and broken on purpose.
//!
//! 1. [`Install::ensure`] finds the `holochain` binary of [`HOLOCHAIN_VERSION`], or builds it once into a cache;
//!    [`Install::ensure_release`] that of another [`Release`].
//! 2. [`Conductor::builder`] starts it offline, on ports of its own, with temporary or kept data.
//! 3. The [`Conductor`] installs apps, and kills, freezes, restarts and moves the process.
//! 4. A [`Relay`] lets conductors find each other; a [`ConductorNetwork`] is several of them with one.
//!
//! `docs/conductor.md` in the repository tells where the binary is looked for and what to do when it fails.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use ham_testkit::conductor::{Conductor, InstallOptions, probe_bundle};
//!
//! let mut conductor = Conductor::builder().start().await?;
//! conductor.install_app(&probe_bundle().await?, "probe", InstallOptions::default()).await?;
//! conductor.enable("probe").await?;
//! conductor.wait_until_callable("probe").await?;
//!
//! conductor.kill().await?;
//! conductor.restart().await?;
//! # Ok(()) }
//! ```

mod admin;
mod boot;
mod builder;
mod bundle;
mod cache;
mod cargo;
mod config;
mod error;
mod install;
mod launch;
mod logs;
mod lookup;
mod network;
mod process;
mod ready;
mod relaxed;
mod relay;
mod release;
mod tool;
mod version;
mod watchdog;

pub use admin::{
    CALLABLE_INTERVAL, DEFAULT_ADMIN_TIMEOUT, DEFAULT_CALLABLE_TIMEOUT, InstallOptions, TokenOptions,
};
pub use builder::{ConductorBuilder, DEFAULT_READY_TIMEOUT, DEFAULT_REQUEST_TIMEOUT, DEFAULT_RUST_LOG};
pub use bundle::{
    HappBundleSource, happ_source_digest, probe_bundle, probe_bundle_for, probe_bundle_path,
    probe_bundle_path_for,
};
pub use cache::{CACHE_VARIABLE, CacheDirectory};
pub use cargo::{BUILD_TIMEOUT, Progress};
pub use config::{DbSyncLevel, Keystore, MAX_DATA_PATH, Network, Passphrase};
pub use error::{AdminError, BundleError, InstallError, LaunchError};
pub use install::{Install, InstallSource, TEST_RELEASE_VARIABLE};
pub use launch::{Conductor, DEFAULT_STOP_TIMEOUT, Stopped};
pub use logs::MAX_LOG_LINES;
pub use lookup::Lookup;
pub use network::{ACQUAINTED_INTERVAL, ConductorNetwork, DEFAULT_ACQUAINTED_TIMEOUT};
pub use ready::{READY_VARIABLE, ReadyDirectory};
pub use relay::{RELAY_READY_TIMEOUT, Relay};
pub use release::{Release, UnknownRelease};
pub use tool::{HOLOCHAIN_VERSION, RELAY_VERSION, Tool};
pub use version::Version;
