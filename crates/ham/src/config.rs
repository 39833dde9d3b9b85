//! The configuration of a persistent connection, checked once.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{Exponential, Jitter, Patience, RetryDelay, SystemWallClock, WallClock};
use ham_session::{SessionConfig, Target};
use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::dialect::Release;
use crate::entropy::{Entropy, SystemEntropy};
use crate::error::ConnectError;
use crate::memory::ProcessMemory;
use crate::redact::Secret;
use crate::signing::Signing;

/// The `Origin` ham sends. A conductor refuses a socket without one, even where any origin is allowed.
pub const DEFAULT_ORIGIN: &str = "ham";
/// How long a call may take, waiting and resuming included, unless the caller says otherwise.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(120);
/// How long an admin request may take, dialling included: installing compiles WebAssembly.
pub const DEFAULT_ADMIN_TIMEOUT: Duration = Duration::from_secs(60);
/// What a nonce lives longer than its call's deadline, for clocks that disagree.
pub const DEFAULT_SKEW_MARGIN: Duration = Duration::from_secs(60);
/// The longest a nonce may live. Conductors refuse more than 50 minutes by *their* clock (`holochain_data` 0.7.1), so
/// a minute is left for a conductor whose clock is behind.
pub const MAX_NONCE_LIFE: Duration = Duration::from_secs(49 * 60);
/// Calls on one link at a time. A conductor stops reading a socket at 128 (`holochain` 0.7.1).
pub const DEFAULT_MAX_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(96).expect("96 is not zero");
/// The largest frame a conductor reads (`holochain_websocket` 0.7.1).
pub const MAX_FRAME_SIZE: usize = 16 << 20;
/// A conductor pings every 5 s, even when it is wedged; three missed pings mean that it is gone.
pub const DEFAULT_SILENCE_BOUND: Duration = Duration::from_secs(15);
/// Calls outstanding for longer than this make ham ask for the app info; without an answer the link is degraded.
pub const DEFAULT_DEGRADED_AFTER: Duration = Duration::from_secs(30);
/// Signals kept for a subscriber that is behind; then it gets a gap.
pub const DEFAULT_SIGNAL_CAPACITY: usize = 1024;
/// First pause of a cell's breaker after source-chain pressure (`HAM_PRESSURE_COOLDOWN_MS`).
pub const DEFAULT_PRESSURE_COOLDOWN: Duration = Duration::from_secs(30);
/// Longest pause of a cell's breaker (`HAM_PRESSURE_COOLDOWN_MAX_MS`).
pub const DEFAULT_PRESSURE_COOLDOWN_MAX: Duration = Duration::from_secs(90);
/// The advice after an overload or a time-out: long enough to let a queue drain.
pub const OVERLOAD_COOLDOWN: Duration = Duration::from_secs(1);
/// The advice while the keystore is away: its link redials by itself.
pub const KEYSTORE_COOLDOWN: Duration = Duration::from_secs(1);
/// How many times a `Repeat` call is signed anew.
pub const DEFAULT_REPEATS: u32 = 3;

/// First pause after a failed attempt.
pub const RECONNECT_INITIAL: Duration = Duration::from_millis(100);
/// Longest pause in an outage's first minute.
pub const RECONNECT_MAX_EARLY: Duration = Duration::from_secs(1);
/// For how long an outage counts as early.
pub const RECONNECT_EARLY: Duration = Duration::from_secs(60);
/// Longest pause after that.
pub const RECONNECT_MAX: Duration = Duration::from_secs(30);

/// Either way, so that many services do not dial in step; small, because a second's wait is all a port's return costs.
pub const RECONNECT_JITTER: Jitter = Jitter::percent(10);

/// A token provider's answer.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<Secret, String>> + Send>>;

/// Where the app interface is.
#[derive(Clone, Debug)]
pub enum AppInterface {
    /// At this URL.
    Url(Url),
    /// Listed by the admin interface; attached (once, for good) where none fits.
    Discover {
        /// The port to attach; 0 lets the conductor choose, and choose again at each of its restarts.
        attach_port: u16,
        /// Only attach, never reuse: for conductors whose listed interfaces refuse us.
        force_fresh: bool,
        /// Whether an attached interface serves this app only.
        bound_to_app: bool,
    },
}

/// Where app tokens come from.
#[derive(Clone)]
pub enum TokenSource {
    /// Issued by the admin interface, a fresh one per dial.
    Issue,
    /// From the owner, asked per dial.
    Provider(Arc<dyn Fn() -> TokenFuture + Send + Sync>),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issue => "Issue",
            Self::Provider(_) => "Provider",
        })
    }
}

/// The pauses of a cell's breaker after source-chain pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PressureBreaker {
    /// The first pause; it doubles while pressure persists.
    pub initial: Duration,
    /// The longest pause.
    pub max: Duration,
}

impl Default for PressureBreaker {
    fn default() -> Self {
        Self { initial: DEFAULT_PRESSURE_COOLDOWN, max: DEFAULT_PRESSURE_COOLDOWN_MAX }
    }
}

/// How to reach one app on one conductor.
///
/// # Defaults
/// - admin interface: none; app interface: discovered, attached on port 0 and bound to the app
/// - token: issued by the admin interface
/// - origin: [`DEFAULT_ORIGIN`]
/// - signing: client keys in memory, one grant per cell
/// - pauses between attempts: [`default_retry`]; an admin request: [`DEFAULT_ADMIN_TIMEOUT`]
/// - deadline of a call: [`DEFAULT_DEADLINE`]; skew margin: [`DEFAULT_SKEW_MARGIN`]
/// - calls in flight: [`DEFAULT_MAX_IN_FLIGHT`]; silence bound: [`DEFAULT_SILENCE_BOUND`]; degraded after
///   [`DEFAULT_DEGRADED_AFTER`]
/// - signals kept for a slow subscriber: [`DEFAULT_SIGNAL_CAPACITY`]
/// - breaker: off; release of the conductor: found out
/// - randomness: the system's; memory: the process's
#[derive(Clone)]
#[non_exhaustive]
pub struct PersistentHamConfig {
    /// The installed app id.
    pub app_id: String,
    /// The admin interface, where there is one.
    pub admin: Option<Url>,
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
    /// How long a call may take when the caller does not say. Any length; a nonce lives for [`MAX_NONCE_LIFE`] at most.
    pub deadline: Duration,
    /// What a nonce lives longer than its call, within [`MAX_NONCE_LIFE`].
    pub skew_margin: Duration,
    /// Signals kept for a slow subscriber.
    pub signal_capacity: usize,
    /// Pauses a cell under pressure.
    pub breaker: Option<PressureBreaker>,
    /// Called once for every call that ends with an unknown outcome or as arrived.
    pub on_unknown: Option<crate::call::OnUnknown>,
    /// The wall clock that nonces expire by.
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

    /// An app on a conductor without an admin interface: its app interface and its tokens come from the owner.
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
            breaker: None,
            on_unknown: None,
            wall_clock: Arc::new(SystemWallClock),
            release: None,
            entropy: Arc::new(SystemEntropy),
            memory: ProcessMemory::default(),
        }
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

    /// How long a call may take when the caller does not say. Any length: see [`deadline`](Self::deadline).
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Pauses a cell under source-chain pressure.
    #[must_use]
    pub fn with_breaker(mut self, breaker: PressureBreaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Called once for every call that ends with an unknown outcome or as arrived.
    #[must_use]
    pub fn with_on_unknown(
        mut self,
        hook: impl Fn(&crate::call::UnknownCall) + Send + Sync + 'static,
    ) -> Self {
        self.on_unknown = Some(Arc::new(hook));
        self
    }

    /// Takes the conductor for one of this release instead of finding out; `None` finds out.
    #[must_use]
    pub fn with_release(mut self, release: Option<Release>) -> Self {
        self.release = release;
        self
    }

    /// The wall clock that nonces expire by.
    #[must_use]
    pub fn with_wall_clock(mut self, wall_clock: Arc<dyn WallClock>) -> Self {
        self.wall_clock = wall_clock;
        self
    }

    /// Where nonces, keys, capability secrets and jitter come from.
    ///
    /// **Hazardous.** Whoever can foretell the bytes can forge calls and is let in by every grant that was made of them. It is
    /// there for simulations, which repeat themselves.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// What this connection shares with others.
    ///
    /// **Hazardous.** Connections that do not share one write a grant each. It is there for simulations of several processes.
    #[must_use]
    pub fn with_memory(mut self, memory: ProcessMemory) -> Self {
        self.memory = memory;
        self
    }

    /// The dial target for one of the two interfaces.
    pub(crate) fn target(&self, url: &Url) -> Result<Target, ConnectError> {
        let origin = HeaderValue::from_str(&self.origin)
            .map_err(|_| ConnectError::Config(format!("`{}` is no valid Origin header", self.origin)))?;
        Ok(Target { url: url.clone(), headers: HeaderMap::from_iter([(http::header::ORIGIN, origin)]) })
    }

    pub(crate) fn check(&self) -> Result<(), ConnectError> {
        if self.app_id.is_empty() {
            return Err(ConnectError::Config("the app id is empty".into()));
        }
        if self.admin.is_none() && matches!(self.app, AppInterface::Discover { .. }) {
            return Err(ConnectError::NoInterface);
        }
        if self.admin.is_none() && matches!(self.token, TokenSource::Issue) {
            return Err(ConnectError::Config(
                "tokens can only be issued through an admin interface; give a token provider".into(),
            ));
        }
        Ok(())
    }
}

/// The pauses between attempts: [`RECONNECT_INITIAL`] doubling to [`RECONNECT_MAX_EARLY`] for the first
/// [`RECONNECT_EARLY`] of an outage, then to [`RECONNECT_MAX`].
pub fn default_retry() -> RetryDelay {
    Exponential::new(RECONNECT_INITIAL, RECONNECT_MAX)
        .with_jitter(RECONNECT_JITTER)
        .with_patience(Patience { cap: RECONNECT_MAX_EARLY, lasts: RECONNECT_EARLY })
        .into()
}

/// The session defaults for conductors.
pub fn conductor_session() -> SessionConfig {
    SessionConfig::default()
        .with_max_in_flight(DEFAULT_MAX_IN_FLIGHT)
        .with_max_send_size(MAX_FRAME_SIZE)
        .with_silence_bound(Some(DEFAULT_SILENCE_BOUND))
        .with_degraded_after(Some(DEFAULT_DEGRADED_AFTER))
}

/// A target on this machine.
pub(crate) fn local_target(port: u16, origin: &'static str) -> Target {
    let mut url = Url::parse("ws://localhost").expect("a constant");
    url.set_port(Some(port)).expect("ws URLs have ports");
    Target { url, headers: HeaderMap::from_iter([(http::header::ORIGIN, HeaderValue::from_static(origin))]) }
}

/// A URL without credentials and query.
pub(crate) fn shown_url(url: &Url) -> String {
    format!(
        "{}://{}{}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        match url.port() {
            Some(port) => format!(":{port}"),
            None => String::new(),
        }
    )
}
