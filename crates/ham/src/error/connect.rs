//! Why there is no link.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{ConnectError as PersistentConnectError, Permanence};
use ham_session::{DialError, Recovery, masked};

use super::admin::AdminError;
use super::line::line;
use super::signing::SigningError;
use crate::redact::Secret;

/// Why there is no link to the conductor.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The admin interface cannot be reached.
    #[error("cannot reach the admin interface at {url}")]
    Admin {
        /// Where ham looked for it.
        url: String,
        /// Why.
        #[source]
        source: Arc<DialError>,
    },
    /// An admin request of the set-up failed.
    #[error("setting up the link failed: cannot {doing}")]
    Setup {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: AdminError,
    },
    /// The app is not installed on this conductor.
    #[error(
        "the app `{}` is not installed on this conductor (installed: {installed}); check the app id",
        masked(app_id)
    )]
    AppNotInstalled {
        /// The id of the app.
        app_id: String,
        /// The installed apps.
        installed: String,
    },
    /// No app interface is known and there is no admin interface to ask for one.
    #[error("no app interface is known: give its URL, or an admin URL to discover it")]
    NoInterface,
    /// The token provider gave no token, and no earlier one is left.
    #[error("no app token")]
    Token(#[source] TokenError),
    /// The app interface cannot be reached or refused the link.
    #[error("cannot open the app interface at {url}")]
    App {
        /// Where ham looked for it.
        url: String,
        /// Why.
        #[source]
        source: Arc<DialError>,
    },
    /// The configuration cannot work.
    #[error("{0}")]
    Config(String),
    /// The keystore cannot be used.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// No link came up in time.
    #[error("no link to the conductor after {after:?}: {last}")]
    TimedOut {
        /// How long the caller waited.
        after: Duration,
        /// The last thing that went wrong.
        last: String,
    },
    /// The handle was closed.
    #[error("the connection was closed by its owner")]
    Closed,
    /// What [`Ham::connect`](crate::Ham::connect) was doing when `error` ended it. Its text is one line that holds all
    /// causes, so it has no source: services print `{e}`.
    #[error("{doing}: {}", line(.error.as_ref()))]
    During {
        /// The step.
        doing: &'static str,
        /// Why it failed.
        error: Box<Self>,
    },
}

/// Why a token provider gave no token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It failed. What it said may quote a token, so neither this nor its `Debug` shows it; the field is for callers who know that it holds none.
    #[error("the provider failed; what it said is not shown, because it may quote a token")]
    Failed(Secret),
    /// It took too long.
    #[error("the provider gave none within {within:?}")]
    TimedOut {
        /// The bound: [`connect_timeout`](ham_session::SessionConfig::connect_timeout).
        within: Duration,
    },
}

impl ConnectError {
    /// The error itself, without the step around it.
    pub fn inner(&self) -> &Self {
        match self {
            Self::During { error, .. } => error.inner(),
            other => other,
        }
    }

    /// What the owner can do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::During { error, .. } => error.recovery(),
            Self::Admin { source, .. } | Self::App { source, .. } => source.recovery(),
            Self::Setup { source, .. } => source.recovery(),
            Self::AppNotInstalled { .. } | Self::NoInterface | Self::Config(_) => Recovery::FixCaller,
            Self::Token(_) | Self::TimedOut { .. } => Recovery::Reconnect,
            Self::Signing(error) => error.recovery(),
            Self::Closed => Recovery::GiveUp,
        }
    }
}

impl PersistentConnectError for ConnectError {
    fn permanence(&self) -> Permanence {
        match self.recovery() {
            Recovery::Reconnect | Recovery::CoolDown { .. } => Permanence::Transient,
            Recovery::FixCaller | Recovery::GiveUp => Permanence::Permanent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PersistentHam, PersistentHamConfig, TokenFuture};

    /// Case: a key in place of an app or a role was repeated.
    #[test]
    fn a_name_that_may_be_a_secret_is_not_repeated() {
        let key = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8".to_owned();
        let installed = "shop".to_owned();
        let told = ConnectError::AppNotInstalled { app_id: key.clone(), installed }.to_string();
        assert!(told.contains("the app `…` is not installed") && told.contains("shop"), "{told}");
        let told = crate::CallError::UnknownRole { role: key, known: "main".to_owned() }.to_string();
        assert!(told.contains("no role or clone `…`") && told.contains("main"), "{told}");
    }

    /// What a token provider said was printed, and it may quote a token.
    #[tokio::test]
    async fn what_a_token_provider_said_is_not_shown() {
        const SAID: &str = "POST /token?key=sesame: 500";
        let token = || -> TokenFuture { Box::pin(async { Err(SAID.to_owned()) }) };
        let config = PersistentHamConfig::without_admin("ws://localhost:1".parse().unwrap(), token, "app");
        let error = PersistentHam::connect(config).await.unwrap_err();
        let shown = format!("{error} {error:?} {}", line(&error));
        assert!(shown.contains("no app token: the provider failed") && !shown.contains("sesame"), "{shown}");
        let ConnectError::Token(TokenError::Failed(said)) = error else { panic!("{error:?}") };
        assert_eq!(said.expose(), SAID.as_bytes());
    }
}
