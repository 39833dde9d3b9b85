//! How one attempt gets a live link to an app: admin, interface, token, socket. Each step is a function.

use std::fmt;
use std::sync::Arc;

use ham_persistent::Connector;
use ham_session::{Link, dial, shown_url};
use holochain_conductor_api::AppInfo;
use holochain_types::websocket::AllowedOrigins;
use url::Url;

use super::known_app::KnownApp;
use super::signal::SignalHub;
use crate::admin::Admin;
use crate::config::{AppInterface, PersistentHamConfig, TokenSource};
use crate::deadline::deadline_after;
use crate::error::{AdminError, ConnectError, TokenError};
use crate::events;
use crate::redact::Secret;
use crate::wire::{ConductorProtocol, Interface};

/// Where the app is, and the token that opens it. Two are equal if the place is: tokens are fresh every time.
#[derive(Clone)]
pub(crate) struct AppAddress {
    url: Url,
    token: Secret,
}

/// The engine logs it, so it must not show the token.
impl fmt::Debug for AppAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown_url(&self.url))
    }
}

impl PartialEq for AppAddress {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

/// Dials one app on one conductor.
pub(crate) struct ConductorConnector {
    config: Arc<PersistentHamConfig>,
    admin: Option<Admin>,
    signals: Arc<SignalHub>,
    app: Arc<KnownApp>,
    /// The last token from a provider that led to a link, for when the provider fails.
    good_token: Option<Secret>,
}

impl ConductorConnector {
    pub(crate) fn new(
        config: Arc<PersistentHamConfig>,
        admin: Option<Admin>,
        signals: Arc<SignalHub>,
        app: Arc<KnownApp>,
    ) -> Self {
        Self { config, admin, signals, app, good_token: None }
    }

    fn admin(&self) -> Result<&Admin, ConnectError> {
        self.admin.as_ref().ok_or(ConnectError::NoInterface)
    }

    /// The URL of the app interface. Looked up on every attempt: ports move, and while a conductor boots its list can be stale.
    async fn interface(&self) -> Result<Url, ConnectError> {
        match &self.config.app {
            AppInterface::Url(url) => Ok(url.clone()),
            AppInterface::Discover { attach_port, force_fresh, bound_to_app } => {
                let port = match self.listed(*force_fresh).await? {
                    Some(port) => port,
                    None => self.attach(*attach_port, *bound_to_app).await?,
                };
                self.beside_admin(port)
            }
        }
    }

    /// A listed interface that serves our app and admits our origin; one bound to the app is preferred to one for all apps.
    async fn listed(&self, force_fresh: bool) -> Result<Option<u16>, ConnectError> {
        if force_fresh {
            return Ok(None);
        }
        let listed = self.admin()?.list_app_interfaces().await.map_err(setup("list the app interfaces"))?;
        let ours = |bound: bool| {
            listed.iter().find(|interface| {
                let serves = match &interface.installed_app_id {
                    Some(app_id) => bound && *app_id == self.config.app_id,
                    None => !bound,
                };
                serves && admits(&interface.allowed_origins, &self.config.origin)
            })
        };
        Ok(ours(true).or_else(|| ours(false)).map(|interface| interface.port))
    }

    /// Attaches an interface, permanently. Only for an app that exists: a mistyped app id must not leave one behind.
    async fn attach(&self, port: u16, bound_to_app: bool) -> Result<u16, ConnectError> {
        self.installed().await?;
        let (origins, app_id) = if bound_to_app {
            (AllowedOrigins::Origins([self.config.origin.clone()].into()), Some(self.config.app_id.clone()))
        } else {
            (AllowedOrigins::Any, None)
        };
        let attached = self.admin()?.attach_app_interface(port, origins, app_id).await;
        let port = attached.map_err(setup("attach an app interface"))?;
        tracing::info!(event = events::INTERFACE_ATTACHED, port, app_id = self.config.app_id);
        Ok(port)
    }

    /// Finds out which installation there is before a first link opens, so that a later installation is noticed. Only if the dial
    /// uses the admin interface: a link that needs none comes up without it.
    async fn look_first(&self) -> Result<(), ConnectError> {
        let PersistentHamConfig { app, token, .. } = &*self.config;
        let by_admin = matches!(app, AppInterface::Discover { .. }) || matches!(token, TokenSource::Issue);
        if !by_admin || self.app.known().is_some() {
            return Ok(());
        }
        match self.installed().await {
            Ok(info) => self.app.expect(info),
            // If the conductor does not say, dial anyway: the link works.
            Err(ConnectError::Setup { source: AdminError::Answer { .. }, .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn installed(&self) -> Result<AppInfo, ConnectError> {
        let mut apps = self.admin()?.list_apps(None).await.map_err(setup("list the apps"))?;
        if let Some(at) = apps.iter().position(|app| app.installed_app_id == self.config.app_id) {
            return Ok(apps.swap_remove(at));
        }
        let installed = apps.into_iter().map(|app| app.installed_app_id).collect::<Vec<_>>().join(", ");
        let installed = if installed.is_empty() { "none".into() } else { installed };
        Err(ConnectError::AppNotInstalled { app_id: self.config.app_id.clone(), installed })
    }

    /// The app interface is on the host of the admin interface, with the same scheme.
    fn beside_admin(&self, port: u16) -> Result<Url, ConnectError> {
        let mut url = self.config.admin.clone().ok_or(ConnectError::NoInterface)?;
        url.set_path("/");
        url.set_query(None);
        url.set_port(Some(port))
            .map_err(|()| ConnectError::Config(format!("{} has no ports", shown_url(&url))))?;
        Ok(url)
    }

    async fn token(&mut self) -> Result<Secret, ConnectError> {
        match &self.config.token {
            TokenSource::Issue => {
                let app_id = self.config.app_id.clone();
                self.admin()?.issue_app_token(app_id).await.map_err(setup("issue an app token"))
            }
            TokenSource::Provider(provider) => {
                let within = self.config.session.connect_timeout;
                let given = tokio::time::timeout_at(deadline_after(within), provider()).await;
                let given = match given {
                    Ok(given) => given.map_err(|why| TokenError::Failed(why.into_bytes().into())),
                    Err(_) => Err(TokenError::TimedOut { within }),
                };
                match (given, &self.good_token) {
                    (Ok(token), _) => Ok(token),
                    (Err(_), Some(good)) => {
                        // The error's text may quote a token, so it is not logged.
                        tracing::warn!(
                            event = events::RECONNECT_ATTEMPT,
                            "the token provider failed; using the last token that led to a link"
                        );
                        Ok(good.clone())
                    }
                    (Err(why), None) => Err(ConnectError::Token(why)),
                }
            }
        }
    }
}

impl Connector for ConductorConnector {
    type Address = AppAddress;
    type Connection = Link<ConductorProtocol>;
    type Error = ConnectError;

    async fn address(&mut self) -> Result<AppAddress, ConnectError> {
        self.look_first().await?;
        let url = self.interface().await?;
        Ok(AppAddress { url, token: self.token().await? })
    }

    async fn connect(&mut self, address: &AppAddress) -> Result<Link<ConductorProtocol>, ConnectError> {
        let target = self.config.target(&address.url)?;
        let protocol = ConductorProtocol::new(Interface::App { token: address.token.clone() })
            .with_release(self.config.release);
        let protocol = Arc::new(protocol);
        let dialled = dial(&target, protocol, self.signals.clone(), &self.config.session).await;
        match dialled {
            Ok(link) => {
                self.good_token = Some(address.token.clone());
                Ok(link)
            }
            Err(error) => {
                // A conductor does not say that an app is unknown; the admin interface tells.
                if self.admin.is_some()
                    && matches!(error, ham_session::DialError::Handshake(_))
                    && let Err(missing @ ConnectError::AppNotInstalled { .. }) = self.installed().await
                {
                    return Err(missing);
                }
                Err(ConnectError::App { url: shown_url(&address.url), source: Arc::new(error) })
            }
        }
    }
}

/// Whether an interface admits our origin.
fn admits(allowed: &AllowedOrigins, origin: &str) -> bool {
    match allowed {
        AllowedOrigins::Any => true,
        AllowedOrigins::Origins(origins) => origins.contains(origin),
    }
}

/// Names the step of the set-up that failed.
fn setup(doing: &'static str) -> impl FnOnce(AdminError) -> ConnectError {
    move |source| match source {
        AdminError::Dial { url, source } => ConnectError::Admin { url, source },
        source => ConnectError::Setup { doing, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The engine logs an address when it is new.
    #[test]
    fn an_address_shows_no_credentials() {
        let url = Url::parse("wss://user:hush@host:1/app?key=hush#hush").unwrap();
        let address = AppAddress { url: url.clone(), token: Secret::new(b"hush".to_vec()) };
        for shown in [format!("{address:?}"), format!("{:?}", AppInterface::Url(url))] {
            assert!(shown.contains("wss://host:1") && !shown.contains("hush"), "{shown}");
        }
    }
}
