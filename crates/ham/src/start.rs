//! How a connection is put together, and what ham itself does when its link comes and goes.

use std::sync::{Arc, PoisonError, RwLock};

use ham_persistent::{Event, Persistent};
use holochain_conductor_api::AppInfo;

use crate::admin::Admin;
use crate::breaker::Breakers;
use crate::config::PersistentHamConfig;
use crate::connector::ConductorConnector;
use crate::error::ConnectError;
use crate::persistent::PersistentHam;
use crate::shared::Shared;
use crate::signal::{GapCause, SignalHub};
use crate::signing::Signer;
use crate::{events, metrics as names};

/// Everything but the engine, so that both ways of starting share it.
pub(crate) struct Parts {
    config: Arc<PersistentHamConfig>,
    admin: Option<Admin>,
    signals: Arc<SignalHub>,
    app: Arc<RwLock<Option<Arc<AppInfo>>>>,
}

impl Parts {
    pub(crate) fn new(config: PersistentHamConfig) -> Result<Self, ConnectError> {
        config.check()?;
        let admin = match &config.admin {
            Some(url) => {
                let admin =
                    Admin::with_config(config.target(url)?, config.session.clone(), config.admin_timeout);
                Some(admin.with_release(config.release))
            }
            None => None,
        };
        let signals = Arc::new(SignalHub::new(config.signal_capacity));
        Ok(Self { config: Arc::new(config), admin, signals, app: Arc::default() })
    }

    pub(crate) fn persistent(&self) -> ham_persistent::Builder<ConductorConnector> {
        let connector =
            ConductorConnector::new(self.config.clone(), self.admin.clone(), self.signals.clone());
        let (signals, app) = (self.signals.clone(), self.app.clone());
        let mut failed = 0_u32;
        Persistent::builder(format!("conductor app {}", self.config.app_id), connector)
            .config(ham_persistent::Config::default().with_retry(self.config.retry.clone()))
            .on_event(move |event| {
                on_event(&event, &signals, &app, &mut failed);
                std::future::ready(())
            })
    }

    pub(crate) fn finish(self, persistent: Persistent<ConductorConnector>) -> PersistentHam {
        let signer = Signer::new(&self.config.signing, &self.config.app_id, self.admin.clone());
        let breakers = Breakers::new(self.config.breaker);
        PersistentHam {
            shared: Arc::new(Shared {
                config: self.config,
                signer,
                breakers,
                persistent,
                admin: self.admin,
                signals: self.signals,
                app: self.app,
            }),
        }
    }
}

/// What ham itself does when the link comes and goes.
fn on_event(
    event: &Event<ConductorConnector>,
    signals: &SignalHub,
    app: &RwLock<Option<Arc<AppInfo>>>,
    failed: &mut u32,
) {
    match event {
        Event::Connected(link) => {
            if let Some(info) = link.welcome().app() {
                let mut app = app.write().unwrap_or_else(PoisonError::into_inner);
                *app = Some(Arc::new(info.clone()));
            }
            if *failed > 0 {
                tracing::info!(event = events::RECONNECTED, attempts = *failed);
                *failed = 0;
            }
            metrics::counter!(names::LINKS).increment(1);
            metrics::gauge!(names::LINK_UP).set(1.0);
        }
        Event::FailedToConnect(_) => *failed = failed.saturating_add(1),
        Event::Disconnected => {
            tracing::warn!(event = events::DISCONNECTED);
            metrics::counter!(names::LINKS_LOST).increment(1);
            metrics::gauge!(names::LINK_UP).set(0.0);
            signals.gap(GapCause::LinkLost("the link to the conductor ended".into()));
        }
        Event::AttemptingToConnect | Event::ObtainedAddress(_) => {}
    }
}
