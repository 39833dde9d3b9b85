//! The dialler of a persistent connection, for the general case: URL and headers from a closure.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ham_persistent::Connector;
use tokio::time::{Instant, timeout_at};

use crate::clock::after;
use crate::config::SessionConfig;
use crate::dial::dial;
use crate::error::{ConfigError, DialError, DialPhase};
use crate::events;
use crate::inbox::Inbox;
use crate::link::Link;
use crate::protocol::Protocol;
use crate::target::{Target, TargetError};

type TargetFuture = Pin<Box<dyn Future<Output = Result<Target, TargetError>> + Send>>;

/// Dials for a persistent connection. Owned by its driver.
///
/// The closure runs once per dial and says where to dial, and with which headers: the place for a fresh token. It has
/// [`SessionConfig::connect_timeout`] for that, and the dial has as long again. If the closure fails or takes longer, the last target
/// that led to a live link is dialled again, because its token was good; before there is one, the target of
/// [`with_fallback`](Self::with_fallback); without either, the attempt fails.
pub struct WebSocketConnector<P: Protocol> {
    provider: Box<dyn FnMut() -> TargetFuture + Send>,
    fallback: Option<Target>,
    protocol: Arc<P>,
    inbox: Arc<dyn Inbox<P>>,
    config: SessionConfig,
}

impl<P: Protocol> WebSocketConnector<P> {
    /// A connector that asks `provider` for its target before each dial.
    ///
    /// # Errors
    /// When a setting of `config` cannot work.
    pub fn new<F, Fut>(
        mut provider: F,
        protocol: Arc<P>,
        inbox: Arc<dyn Inbox<P>>,
        config: SessionConfig,
    ) -> Result<Self, ConfigError>
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Target, TargetError>> + Send + 'static,
    {
        config.check()?;
        let provider = Box::new(move || -> TargetFuture { Box::pin(provider()) });
        Ok(Self { provider, fallback: None, protocol, inbox, config })
    }

    /// Sets what to dial if the closure fails before any dial has succeeded.
    #[must_use]
    pub fn with_fallback(mut self, target: Target) -> Self {
        self.fallback = Some(target);
        self
    }
}

impl<P: Protocol> Connector for WebSocketConnector<P> {
    type Address = Target;
    type Connection = Link<P>;
    type Error = DialError;

    async fn address(&mut self) -> Result<Target, DialError> {
        let began = Instant::now();
        let provided = timeout_at(after(began, self.config.connect_timeout), (self.provider)()).await;
        let error = match provided {
            Ok(Ok(target)) => return Ok(target),
            Ok(Err(error)) => DialError::NoTarget(error),
            Err(_) => DialError::TimedOut { phase: DialPhase::Target, after: began.elapsed() },
        };
        let target = self.fallback.clone().ok_or(error)?;
        // The error's text may quote a token, so it is not logged.
        tracing::warn!(event = events::TARGET_FALLBACK, "no fresh target; using the last good one");
        Ok(target)
    }

    async fn connect(&mut self, target: &Target) -> Result<Link<P>, DialError> {
        let protocol = Arc::clone(&self.protocol);
        let link = dial(target, protocol, Arc::clone(&self.inbox), &self.config).await?;
        self.fallback = Some(target.clone());
        Ok(link)
    }
}

impl<P: Protocol> fmt::Debug for WebSocketConnector<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketConnector").field("config", &self.config).finish_non_exhaustive()
    }
}
