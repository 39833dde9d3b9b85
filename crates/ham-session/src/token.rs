//! Tokens for the upgrade: one given once, one requested before each dial, or both.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use url::Url;

use crate::config::SessionConfig;
use crate::connector::WebSocketConnector;
use crate::error::ConfigError;
use crate::inbox::Inbox;
use crate::protocol::Protocol;
use crate::target::{Target, TargetError};

type TokenFuture = Pin<Box<dyn Future<Output = Result<String, TargetError>> + Send>>;

/// Where the token of a dial comes from. `Debug` shows no token.
#[derive(Clone, Default)]
pub struct TokenSource {
    token: Option<String>,
    provider: Option<Arc<dyn Fn() -> TokenFuture + Send + Sync>>,
}

impl TokenSource {
    /// Uses this token; together with a [provider](Self::with_provider), until that gives one.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Asks `provider` before each dial. If it fails, the last token that led to a link is used again; before there is one, that of
    /// [`with_token`](Self::with_token); without either, the dial fails. The text of its error is never logged.
    #[must_use]
    pub fn with_provider<F, Fut>(mut self, provider: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, TargetError>> + Send + 'static,
    {
        self.provider = Some(Arc::new(move || Box::pin(provider())));
        self
    }

    /// The token that was given once.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A connector that dials the target that `place` makes from the token.
    ///
    /// # Errors
    /// When a setting of `config` cannot work.
    pub fn connector<P: Protocol>(
        self,
        place: impl Fn(Option<&str>) -> Result<Target, TargetError> + Send + Sync + 'static,
        protocol: Arc<P>,
        inbox: Arc<dyn Inbox<P>>,
        config: SessionConfig,
    ) -> Result<WebSocketConnector<P>, ConfigError> {
        let fallback = self.token().map(|token| place(Some(token)));
        let place = Arc::new(place);
        let provider = move || {
            let (source, place) = (self.clone(), Arc::clone(&place));
            async move {
                match &source.provider {
                    Some(provider) => place(Some(&provider().await?)),
                    None => place(source.token()),
                }
            }
        };
        let connector = WebSocketConnector::new(provider, protocol, inbox, config)?;
        Ok(match fallback {
            Some(Ok(target)) => connector.with_fallback(target),
            Some(Err(_)) | None => connector,
        })
    }
}

/// Where a token goes in the upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenPlace {
    /// The header `Authorization: Bearer`.
    Bearer,
    /// A parameter of this name in the URL's query: for servers that require it. Proxies and servers log URLs.
    Query(&'static str),
}

impl TokenPlace {
    /// The target to dial with this token, or without one.
    ///
    /// # Errors
    /// If the token cannot be put there.
    pub fn target(self, url: &Url, token: Option<&str>) -> Result<Target, TargetError> {
        let mut target = Target::new(url.clone());
        let Some(token) = token else { return Ok(target) };
        match self {
            Self::Bearer => {
                // The parser's own error says nothing more.
                let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                    .map_err(|_| ConfigError::InvalidToken)?;
                value.set_sensitive(true);
                target.headers.insert(AUTHORIZATION, value);
            }
            Self::Query(name) => {
                target.url.query_pairs_mut().append_pair(name, token);
            }
        }
        Ok(target)
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource")
            .field("token", &self.token.as_ref().map(|_| "redacted"))
            .field("provider", &self.provider.is_some())
            .finish()
    }
}
