//! How a connection is put together, and what ham itself does when its link comes and goes.

use std::sync::Arc;

use ham_persistent::{Event, Persistent};
use ham_session::{Ended, Link, LinkEnd};

use super::connector::ConductorConnector;
use super::known_app::KnownApp;
use super::signal::SignalHub;
use crate::admin::Admin;
use crate::call::Caller;
use crate::call::{Breakers, Lanes};
use crate::config::{PersistentHamConfig, default_retry};
use crate::error::ConnectError;
use crate::events;
use crate::metrics::Meter;
use crate::signing::{Signer, SignerContext};
use crate::wire::ConductorProtocol;

/// Everything but the engine, so that both ways of starting share it.
pub(crate) struct Parts {
    config: Arc<PersistentHamConfig>,
    admin: Option<Admin>,
    signals: Arc<SignalHub>,
    app: Arc<KnownApp>,
    meter: Arc<Meter>,
}

impl Parts {
    pub(crate) fn new(config: PersistentHamConfig) -> Result<Self, ConnectError> {
        config.check()?;
        let admin = config.admin_client()?;
        let meter = Arc::new(Meter::new(&config.app_id));
        let signals = SignalHub::new(config.signal_capacity, config.signal_bytes, meter.clone());
        let (config, signals) = (Arc::new(config), Arc::new(signals));
        Ok(Self { config, admin, signals, app: Arc::default(), meter })
    }

    pub(crate) fn persistent(&self) -> ham_persistent::Builder<ConductorConnector> {
        let (config, admin) = (self.config.clone(), self.admin.clone());
        let connector = ConductorConnector::new(config, admin, self.signals.clone(), self.app.clone());
        let (signals, app, meter) = (self.signals.clone(), self.app.clone(), self.meter.clone());
        let mut outage = Outage::default();
        Persistent::builder(format!("conductor app {}", self.config.app_id), connector)
            .config(
                ham_persistent::Config::default()
                    .with_retry(self.config.retry.clone())
                    // `outage` reports them, in ham's own terms.
                    .with_losses_told_by_owner(true),
            )
            .wall_clock(self.config.wall_clock.clone())
            .randomness(crate::entropy::jitter(&*self.config.entropy))
            .on_event(move |event| {
                on_event(&event, &signals, &app, &meter, &mut outage);
                std::future::ready(())
            })
    }

    pub(crate) fn finish(self, persistent: Persistent<ConductorConnector>) -> Arc<Caller> {
        let context = SignerContext {
            admin: self.admin.clone(),
            entropy: self.config.entropy.clone(),
            memory: self.config.memory.clone(),
            wall_clock: self.config.wall_clock.clone(),
            retry: default_retry(),
        };
        let signer = Signer::new(&self.config.signing, &self.config.app_id, context);
        let breakers = Breakers::new(self.config.breaker);
        let lanes = self.config.memory.of::<Lanes>(String::new());
        Arc::new(Caller {
            config: self.config,
            signer,
            breakers,
            lanes,
            meter: self.meter,
            persistent,
            admin: self.admin,
            signals: self.signals,
            app: self.app,
        })
    }
}

/// What is remembered for the moment when the link comes back.
#[derive(Default)]
struct Outage {
    /// The current link, to say how it ended.
    link: Option<Link<ConductorProtocol>>,
    lost: bool,
    /// Failed attempts, repetitions not counted.
    failed: u32,
}

/// What ham itself does when the link comes and goes.
fn on_event(
    event: &Event<ConductorConnector>,
    signals: &SignalHub,
    app: &KnownApp,
    meter: &Meter,
    outage: &mut Outage,
) {
    match event {
        Event::Connected(link) => {
            app.greeted(link);
            if outage.lost || outage.failed > 0 {
                tracing::info!(event = events::RECONNECTED, attempts = outage.failed);
            }
            signals.link_up();
            *outage = Outage { link: Some(link.clone()), ..Outage::default() };
            meter.links.add();
            meter.link_up.set(1.0);
        }
        Event::FailedToConnect(_) => outage.failed = outage.failed.saturating_add(1),
        Event::Disconnected => {
            let end = outage.link.take().and_then(|link| link.end());
            let ended = Ended::of(end.as_deref());
            let cause = ended.to_string();
            match end.as_deref() {
                Some(LinkEnd::ClosedHere) => tracing::debug!(event = events::DISCONNECTED, cause),
                _ => tracing::warn!(event = events::DISCONNECTED, cause),
            }
            outage.lost = true;
            meter.links_lost.add();
            meter.link_up.set(0.0);
            signals.link_lost(ended);
        }
        Event::AttemptingToConnect | Event::ObtainedAddress(_) => {}
    }
}
