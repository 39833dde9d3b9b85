//! Where a client connects, and how it keeps doing so.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{AttemptError, Builder, DEFAULT_MIN_PAUSE, Exponential, Persistent, RetryDelay};
use url::Url;

use crate::config::SessionConfig;
use crate::connector::WebSocketConnector;
use crate::error::{ConfigError, DialError};
use crate::inbox::Inbox;
use crate::protocol::Protocol;
use crate::target::{Target, TargetError};
use crate::tls::TlsConfig;
use crate::token::{TokenPlace, TokenSource};

/// Where a client connects, and how it keeps doing so: what the configurations of all clients have in common.
///
/// # Defaults
/// - no token; a [bearer](TokenPlace::Bearer) if there is one
/// - `first_dial`: [`FirstDial::Retried`]
/// - `retry`: [`DEFAULT_MIN_RECONNECT_DELAY`], doubling to [`DEFAULT_MAX_RECONNECT_DELAY`]. A link that lasted
///   ([`ResetRule`](ham_persistent::ResetRule)) starts the delays again, and one that did not counts as a failed dial: a server that
///   accepts and closes is dialled no more often than one that refuses
/// - `min_pause`: [`DEFAULT_MIN_PAUSE`]
/// - `session`: [`SessionConfig::default`]
#[derive(Clone)]
#[non_exhaustive]
pub struct Endpoint {
    /// The `ws://` or `wss://` URL.
    pub url: Url,
    /// Where the token of a dial comes from.
    pub tokens: TokenSource,
    /// Where the token goes.
    pub token_place: TokenPlace,
    /// What a failed first dial does.
    pub first_dial: FirstDial,
    /// The pauses between failed dials.
    pub retry: RetryDelay,
    /// The least time from the start of one dial to the start of the next.
    pub min_pause: Duration,
    /// The numbers of each link, and whom to trust on `wss://`.
    pub session: SessionConfig,
}

/// What a failed first dial does. All later ones are retried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstDial {
    /// It is retried like any other: for clients that may start before their server.
    #[default]
    Retried,
    /// It is final, and its error is returned: for when someone waits who can fix the cause.
    Required,
}

impl Endpoint {
    /// The defaults for this URL.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            tokens: TokenSource::default(),
            token_place: TokenPlace::Bearer,
            first_dial: FirstDial::default(),
            retry: Exponential::new(DEFAULT_MIN_RECONNECT_DELAY, DEFAULT_MAX_RECONNECT_DELAY).into(),
            min_pause: DEFAULT_MIN_PAUSE,
            session: SessionConfig::default(),
        }
    }

    /// Sends this token; see [`TokenSource::with_token`].
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.tokens = self.tokens.with_token(token);
        self
    }

    /// Asks `provider` for the token before each dial; see [`TokenSource::with_provider`] for what happens if it fails.
    #[must_use]
    pub fn with_token_provider<F, Fut>(mut self, provider: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, TargetError>> + Send + 'static,
    {
        self.tokens = self.tokens.with_provider(provider);
        self
    }

    /// Sets [`tokens`](Self::tokens).
    #[must_use]
    pub fn with_tokens(mut self, tokens: TokenSource) -> Self {
        self.tokens = tokens;
        self
    }

    /// Sets [`token_place`](Self::token_place).
    #[must_use]
    pub fn with_token_place(mut self, place: TokenPlace) -> Self {
        self.token_place = place;
        self
    }

    /// Sets [`first_dial`](Self::first_dial).
    #[must_use]
    pub fn with_first_dial(mut self, first: FirstDial) -> Self {
        self.first_dial = first;
        self
    }

    /// Sets [`retry`](Self::retry) to pauses that double from `min` to `max`, and [`min_pause`](Self::min_pause) to `min` if that is less.
    #[must_use]
    pub fn with_reconnect_delays(mut self, min: Duration, max: Duration) -> Self {
        self.retry = Exponential::new(min, max).into();
        self.min_pause = self.min_pause.min(min);
        self
    }

    /// Sets [`retry`](Self::retry).
    #[must_use]
    pub fn with_retry(mut self, retry: impl Into<RetryDelay>) -> Self {
        self.retry = retry.into();
        self
    }

    /// Sets [`min_pause`](Self::min_pause).
    #[must_use]
    pub fn with_min_pause(mut self, min_pause: Duration) -> Self {
        self.min_pause = min_pause;
        self
    }

    /// Sets [`session`](Self::session).
    #[must_use]
    pub fn with_session(mut self, session: SessionConfig) -> Self {
        self.session = session;
        self
    }

    /// Sets whom to trust on `wss://`.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Self {
        self.session.tls = tls;
        self
    }

    /// Checks that the endpoint can work.
    ///
    /// # Errors
    /// Names the first setting that cannot.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !matches!(self.url.scheme(), "ws" | "wss") || self.url.host_str().is_none() {
            return Err(ConfigError::InvalidUrl);
        }
        if let RetryDelay::Exponential(Exponential { initial, max, .. }) = &self.retry
            && initial > max
        {
            return Err(ConfigError::DelaysSwapped { min: *initial, max: *max });
        }
        if self.token_place.target(&self.url, self.tokens.token()).is_err() {
            return Err(ConfigError::InvalidToken);
        }
        self.session.check()
    }

    /// A connection to this endpoint that comes back, to be [started](Self::start).
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn builder<P: Protocol>(
        &self,
        name: impl Into<String>,
        protocol: Arc<P>,
        inbox: Arc<dyn Inbox<P>>,
    ) -> Result<Builder<WebSocketConnector<P>>, ConfigError> {
        self.check()?;
        let (url, place) = (self.url.clone(), self.token_place);
        let place = move |token: Option<&str>| place.target(&url, token);
        let connector = self.tokens.clone().connector(place, protocol, inbox, self.session.clone())?;
        let config =
            ham_persistent::Config::default().with_retry(self.retry.clone()).with_min_pause(self.min_pause);
        Ok(Persistent::builder(name, connector).config(config))
    }

    /// Starts the connection, as [`first_dial`](Self::first_dial) says: at once, or once its first dial has succeeded.
    ///
    /// # Errors
    /// Those of [`Builder::spawn_connected`], and only if the first dial is required.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn start<P: Protocol>(
        &self,
        builder: Builder<WebSocketConnector<P>>,
    ) -> Result<Persistent<WebSocketConnector<P>>, AttemptError<DialError>> {
        match self.first_dial {
            FirstDial::Retried => Ok(builder.spawn()),
            FirstDial::Required => builder.spawn_connected().await,
        }
    }
}

/// Without the token, and without the URL's query.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("target", &Target::new(self.url.clone()))
            .field("tokens", &self.tokens)
            .field("token_place", &self.token_place)
            .field("first_dial", &self.first_dial)
            .field("retry", &self.retry)
            .field("min_pause", &self.min_pause)
            .field("session", &self.session)
            .finish()
    }
}

/// Short enough that a restarting server is found soon, long enough that a thousand clients do not hammer it.
pub const DEFAULT_MIN_RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Short enough to notice the end of a long outage within a minute.
pub const DEFAULT_MAX_RECONNECT_DELAY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
