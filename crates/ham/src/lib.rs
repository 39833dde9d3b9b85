#![doc = include_str!("../README.md")]

mod admin;
mod app;
mod breaker;
mod call;
mod cell;
mod chain;
pub mod client;
mod conductor;
mod config;
mod connector;
mod deadline;
mod dialect;
mod entropy;
mod error;
pub mod errors;
pub mod events;
mod fence;
mod memory;
pub mod metrics;
mod persistent;
mod policy;
mod readiness;
pub mod reconnect;
mod redact;
mod sealing;
mod sending;
mod shared;
pub mod shutdown;
mod signal;
mod signing;
mod start;
mod start_pause;
mod state;
mod typed;
mod verdict;
mod watchdog;
mod wire;

pub use admin::Admin;
pub use call::{CallOptions, CallPolicy, OnUnknown, SignedCall, UnknownCall};
pub use cell::CallTarget;
pub use client::{CapGrantOptIn, DEFAULT_REQUEST_TIMEOUT_SECS, Ham, HamConfig, LairCredentials, LairSigning};
pub use conductor::{ConductorProtocol, Incoming, Interface, Request, Welcome};
pub use config::{
    AppInterface, DEFAULT_ADMIN_TIMEOUT, DEFAULT_DEADLINE, DEFAULT_DEGRADED_AFTER, DEFAULT_MAX_IN_FLIGHT,
    DEFAULT_ORIGIN, DEFAULT_PRESSURE_COOLDOWN, DEFAULT_PRESSURE_COOLDOWN_MAX, DEFAULT_REPEATS,
    DEFAULT_SIGNAL_CAPACITY, DEFAULT_SILENCE_BOUND, DEFAULT_SKEW_MARGIN, KEYSTORE_COOLDOWN, MAX_FRAME_SIZE,
    MAX_NONCE_LIFE, OVERLOAD_COOLDOWN, PersistentHamConfig, PressureBreaker, RECONNECT_EARLY,
    RECONNECT_INITIAL, RECONNECT_JITTER, RECONNECT_MAX, RECONNECT_MAX_EARLY, TokenFuture, TokenSource,
    conductor_session, default_retry,
};
pub use dialect::{
    CapAccess, CapGrant, CapGrantInfo, GrantedCapability, NOTHING_WRITTEN, NothingWritten, RELEASE_VARIABLE,
    Release, Span, Stage, UnknownRelease,
};
pub use entropy::{Entropy, SystemEntropy};
pub use error::{AdminError, CallError, ConnectError, Outcome, SigningError, SigningStep};
pub use errors::{is_connection_error, is_request_timeout, is_signing_refusal, is_source_chain_pressure};
pub use fence::Fenced;
pub use ham_persistent::{Exponential, Jitter, Patience, RetryDelay};
pub use ham_session::{Delivery, LinkEnd, Recovery};
pub use holochain_client;
pub use memory::ProcessMemory;
pub use persistent::PersistentHam;
pub use policy::{SigningPolicy, SigningRefused};
pub use readiness::READINESS_POLL;
pub use reconnect::{BackoffConfig, compute_delay_ms, connect_with_backoff};
pub use redact::{REDACTED, Secret};
pub use sending::MAX_RESUMES;
pub use shutdown::{ShutdownRx, install_shutdown_handler};
pub use signal::{GapCause, Signal, SignalItem, Signals};
pub use signing::{
    ClientKeySigning, CredentialFile, Keystore, KeystoreFuture, KeystoreLink, KeystoreRefusal,
    LockedCredentialFile, Signing, StoreFuture, open_to_others,
};
pub use state::{HamState, StateWatch};
pub use typed::{ZomeCall, ZomeHandle, ZomeInput, zome_client};
pub use watchdog::notify_systemd;
pub use wire::{BadAnswer, Effect, NotRunning, Refusal, RefusalKind, SPOKEN};

/// The repository's front page: its code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;
