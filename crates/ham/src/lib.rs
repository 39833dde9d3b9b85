#![doc = include_str!("../README.md")]

mod admin;
mod call;
mod config;
mod deadline;
mod dialect;
mod drop_in;
mod entropy;
mod error;
pub mod events;
mod link;
mod memory;
pub mod metrics;
mod persistent;
mod redact;
mod signing;
mod typed;
mod wire;

pub use admin::Admin;
pub use call::{
    CallOptions, CallPolicy, CallTarget, DEFAULT_DEADLINE, DEFAULT_PRESSURE_COOLDOWN_MAX, DEFAULT_REPEATS,
    DEFAULT_SKEW_MARGIN, Fenced, MAX_NONCE_LIFE, MAX_RESUMES, MAX_WAITING_FOR_CELL, MIN_NONCE_LIFE,
    OnUnknown, PressureBreaker, READINESS_POLL, SignedCall, UnknownCall,
};
pub use config::{
    AppInterface, DEFAULT_ADMIN_TIMEOUT, DEFAULT_DEGRADED_AFTER, DEFAULT_MAX_IN_FLIGHT, DEFAULT_ORIGIN,
    DEFAULT_SILENCE_BOUND, MAX_FRAME_SIZE, MOST_IN_FLIGHT, PersistentHamConfig, RECONNECT_EARLY,
    RECONNECT_INITIAL, RECONNECT_JITTER, RECONNECT_MAX, RECONNECT_MAX_EARLY, TokenFuture, TokenSource,
    conductor_session, default_retry,
};
pub use dialect::{
    CapAccess, CapGrant, CapGrantInfo, GrantedCapability, NOTHING_WRITTEN, NothingWritten, RELEASE_VARIABLE,
    RefusalCause, RefusalKind, Release, Span, Stage, UnknownRelease,
};
pub use drop_in::client::{
    CapGrantOptIn, DEFAULT_REQUEST_TIMEOUT_SECS, Ham, HamConfig, LairCredentials, LairSigning,
};
pub use drop_in::errors::{
    is_connection_error, is_request_timeout, is_signing_refusal, is_source_chain_pressure,
};
pub use drop_in::reconnect::{BackoffConfig, compute_delay_ms, connect_with_backoff};
pub use drop_in::shutdown::{ShutdownRx, install_shutdown_handler};
pub use drop_in::{SigningPolicy, SigningRefused, client, errors, reconnect, shutdown};
pub use entropy::{Entropy, SystemEntropy};
pub use error::{
    AdminError, CallError, ConnectError, FenceError, KEYSTORE_COOLDOWN, Outcome, SigningError, SigningStep,
    TokenError,
};
pub use ham_persistent::{Exponential, Jitter, Patience, ResetRule, RetryDelay};
pub use ham_session::{
    Delivery, Ended, GapCause, LinkEnd, OVERLOAD_COOL_DOWN as OVERLOAD_COOLDOWN, Recovery, masked,
    masked_path, shown_url, without_quoted,
};
#[cfg(feature = "client")]
pub use holochain_client;
pub use link::{
    DEFAULT_SIGNAL_BYTES, DEFAULT_SIGNAL_CAPACITY, HamState, Signal, SignalItem, Signals, StateWatch,
};
pub use memory::ProcessMemory;
pub use persistent::PersistentHam;
#[cfg(feature = "systemd")]
pub use persistent::notify_systemd;
pub use redact::{REDACTED, Secret};
pub use signing::{
    ClientKeySigning, CredentialFile, Keystore, KeystoreClient, KeystoreFuture, KeystoreLink,
    KeystoreRefusal, LockedCredentialFile, Signing, StoreFuture, how_to_close, open_to_others,
};
pub use typed::{ZomeCall, ZomeHandle, ZomeInput, zome_client};
pub use wire::{
    BadAnswer, ConductorProtocol, DEFAULT_PRESSURE_COOLDOWN, Effect, Incoming, Interface, NotRunning,
    Refusal, Request, SPOKEN, Welcome,
};

/// The repository's front page: its code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;

/// The page for services that move: its code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-ham-to-persistent-ham.md")]
struct FromHamToPersistentHam;
