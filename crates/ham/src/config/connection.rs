//! The configuration of a persistent connection, checked once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{RetryDelay, SystemWallClock, WallClock};
use ham_session::{SessionConfig, shown_url};
use url::Url;

use super::interface::{AppInterface, DEFAULT_ORIGIN, TokenFuture, TokenSource, local_target};
use super::session::{DEFAULT_ADMIN_TIMEOUT, conductor_session, default_retry};
use crate::admin::Admin;
use crate::call::{DEFAULT_DEADLINE, DEFAULT_SKEW_MARGIN, OnUnknown, PressureBreaker, UnknownCall};
use crate::dialect::Release;
use crate::entropy::{Entropy, SystemEntropy};
use crate::link::{DEFAULT_SIGNAL_BYTES, DEFAULT_SIGNAL_CAPACITY};
use crate::memory::ProcessMemory;
use crate::signing::Signing;

/// How to reach one app on one conductor.
///
/// # Defaults
/// - admin interface: none; admin client: the connection's own; app interface: discovered, attached on port 0 and bound to the app
/// - token: issued by the admin interface
/// - origin: [`DEFAULT_ORIGIN`]
/// - signing: client keys in memory, one grant per cell
/// - pauses between attempts: [`default_retry`]; an admin request: [`DEFAULT_ADMIN_TIMEOUT`]
/// - deadline of a call: [`DEFAULT_DEADLINE`]; skew margin: [`DEFAULT_SKEW_MARGIN`]
/// - calls in flight: [`DEFAULT_MAX_IN_FLIGHT`](crate::DEFAULT_MAX_IN_FLIGHT); silence bound:
///   [`DEFAULT_SILENCE_BOUND`](crate::DEFAULT_SILENCE_BOUND); degraded after
///   [`DEFAULT_DEGRADED_AFTER`](crate::DEFAULT_DEGRADED_AFTER)
/// - signals kept for a slow subscriber: [`DEFAULT_SIGNAL_CAPACITY`], of at most [`DEFAULT_SIGNAL_BYTES`]
/// - one call at a time to a cell; breaker: off; release of the conductor: found out
/// - randomness: the system's; memory: the process's
#[derive(Clone)]
#[non_exhaustive]
pub struct PersistentHamConfig {
    /// The installed app id.
    pub app_id: String,
    /// The admin interface, if there is one.
    pub admin: Option<Url>,
    /// A client of the admin interface that others use too; `None` for one of the connection's own.
    pub admin_client: Option<Admin>,
    /// The app interface.
    pub app: AppInterface,
    /// Where tokens come from.
    pub token: TokenSource,
    /// The `Origin` header of both interfaces.
    pub origin: String,
    /// Who signs.
    pub signing: Signing,
    /// The session of both interfaces: TLS, time-outs, bounds.
    pub session: SessionConfig,
    /// The pauses between attempts.
    pub retry: RetryDelay,
    /// How long one admin request may take, dialling included.
    pub admin_timeout: Duration,
    /// How long a call may take when the caller does not say. Any length; a nonce lives for at most [`MAX_NONCE_LIFE`](crate::MAX_NONCE_LIFE).
    pub deadline: Duration,
    /// How much longer a nonce lives than its call, within [`MAX_NONCE_LIFE`](crate::MAX_NONCE_LIFE).
    pub skew_margin: Duration,
    /// Signals kept for a slow subscriber; beyond them there is a gap.
    pub signal_capacity: usize,
    /// How many bytes they may take together; a single signal may be larger.
    pub signal_bytes: usize,
    /// Pauses calls to a cell under source-chain pressure.
    pub breaker: Option<PressureBreaker>,
    /// Whether calls to one cell that may write go out one at a time, across all connections of the process.
    pub lanes: bool,
    /// Called once for every signed call that ends with an unknown outcome or as arrived.
    pub on_unknown: Option<OnUnknown>,
    /// The wall clock by which nonces expire.
    pub wall_clock: Arc<dyn WallClock>,
    /// The conductor's release; `None` to find it out.
    pub release: Option<Release>,
    /// Where nonces, keys, capability secrets and jitter come from.
    pub entropy: Arc<dyn Entropy>,
    /// What this connection shares with the others of the process.
    pub memory: ProcessMemory,
}

impl fmt::Debug for PersistentHamConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistentHamConfig")
            .field("app_id", &self.app_id)
            .field("admin", &self.admin.as_ref().map(shown_url))
            .field("token", &self.token)
            .field("origin", &self.origin)
            .field("signing", &self.signing)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl PersistentHamConfig {
    /// An app on a conductor whose admin interface is at `admin`.
    pub fn new(admin: Url, app_id: impl Into<String>) -> Self {
        let app = AppInterface::Discover { attach_port: 0, force_fresh: false, bound_to_app: true };
        Self::with_parts(Some(admin), app, TokenSource::Issue, app_id.into())
    }

    /// An app on a local conductor.
    pub fn local(admin_port: u16, app_id: impl Into<String>) -> Self {
        Self::new(local_target(admin_port, DEFAULT_ORIGIN).url, app_id)
    }

    /// An app on a conductor without an admin interface: the owner supplies the app interface and the tokens.
    pub fn without_admin(
        app: Url,
        token: impl Fn() -> TokenFuture + Send + Sync + 'static,
        app_id: impl Into<String>,
    ) -> Self {
        Self::with_parts(None, AppInterface::Url(app), TokenSource::Provider(Arc::new(token)), app_id.into())
    }

    fn with_parts(admin: Option<Url>, app: AppInterface, token: TokenSource, app_id: String) -> Self {
        Self {
            app_id,
            admin,
            admin_client: None,
            app,
            token,
            origin: DEFAULT_ORIGIN.into(),
            signing: Signing::default(),
            session: conductor_session(),
            retry: default_retry(),
            admin_timeout: DEFAULT_ADMIN_TIMEOUT,
            deadline: DEFAULT_DEADLINE,
            skew_margin: DEFAULT_SKEW_MARGIN,
            signal_capacity: DEFAULT_SIGNAL_CAPACITY,
            signal_bytes: DEFAULT_SIGNAL_BYTES,
            breaker: None,
            lanes: true,
            on_unknown: None,
            wall_clock: Arc::new(SystemWallClock),
            release: None,
            entropy: Arc::new(SystemEntropy),
            memory: ProcessMemory::default(),
        }
    }

    /// Shares the link of this admin client, with its own origin, session, time-out and release. The connection leaves it open when
    /// it closes: connections to several apps of one conductor need only one admin link between them.
    #[must_use]
    pub fn with_admin(mut self, admin: Admin) -> Self {
        self.admin = Some(admin.target().url.clone());
        self.admin_client = Some(admin);
        self
    }

    /// Who signs.
    #[must_use]
    pub fn with_signing(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    /// The app interface.
    #[must_use]
    pub fn with_app(mut self, app: AppInterface) -> Self {
        self.app = app;
        self
    }

    /// The `Origin` header of both interfaces.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    /// The session of both interfaces: TLS, time-outs, bounds.
    #[must_use]
    pub fn with_session(mut self, session: SessionConfig) -> Self {
        self.session = session;
        self
    }

    /// The pauses between attempts.
    #[must_use]
    pub fn with_retry(mut self, retry: impl Into<RetryDelay>) -> Self {
        self.retry = retry.into();
        self
    }

    /// How long one admin request may take, dialling included.
    #[must_use]
    pub fn with_admin_timeout(mut self, timeout: Duration) -> Self {
        self.admin_timeout = timeout;
        self
    }

    /// How long a call may take when the caller does not say. Any length; see [`deadline`](Self::deadline).
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Signals kept for a slow subscriber: at most this many, of at most this many bytes together.
    #[must_use]
    pub fn with_signal_queue(mut self, signals: usize, bytes: usize) -> Self {
        (self.signal_capacity, self.signal_bytes) = (signals, bytes);
        self
    }

    /// Pauses calls to a cell under source-chain pressure.
    #[must_use]
    pub fn with_breaker(mut self, breaker: PressureBreaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Whether calls to one cell go out one at a time, across all connections of the process, except those declared
    /// [`read_only`](crate::CallOptions::read_only).
    ///
    /// Without it, concurrent writes with relaxed ordering fork the cell's source chain, for which peers may warrant its agent; of
    /// concurrent writes with strict ordering all but one are refused. Turn it off only for apps in which you know that this cannot happen.
    #[must_use]
    pub fn with_lanes(mut self, lanes: bool) -> Self {
        self.lanes = lanes;
        self
    }

    /// Called once for every signed call that ends with an unknown outcome or as arrived: see
    /// [`OnUnknown`].
    #[must_use]
    pub fn with_on_unknown(mut self, hook: impl Fn(&UnknownCall) + Send + Sync + 'static) -> Self {
        self.on_unknown = Some(Arc::new(hook));
        self
    }

    /// Treats the conductor as one of this release; `None` finds the release out.
    #[must_use]
    pub fn with_release(mut self, release: Option<Release>) -> Self {
        self.release = release;
        self
    }
}
