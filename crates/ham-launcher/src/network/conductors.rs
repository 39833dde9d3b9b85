//! Several conductors that reach each other through one relay.

use std::time::Duration;

use holochain_client::AppInfo;
use tokio::time::Instant;

use super::relay::Relay;
use crate::app::admin::{InstallOptions, cells};
use crate::app::bundle::HappBundleSource;
use crate::error::{AdminError, LaunchError};
use crate::run::builder::ConductorBuilder;
use crate::run::launch::Conductor;

/// How long [`ConductorNetwork::wait_until_acquainted`] waits.
pub const DEFAULT_ACQUAINTED_TIMEOUT: Duration = Duration::from_secs(120);

/// How often [`ConductorNetwork::wait_until_acquainted`] polls: a conductor does not announce its peers.
pub const ACQUAINTED_INTERVAL: Duration = Duration::from_millis(100);

/// How an agent announces that it holds the whole DHT, in the JSON inside the JSON that a conductor returns.
const WHOLE_DHT: &str = r#"\"storageArc\":[0,4294967295]"#;

/// Conductors and the relay between them. Dropping it ends the conductors, then the relay.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConductorNetwork {
    /// The conductors, in the order in which they were started.
    pub conductors: Vec<Conductor>,
    /// The relay that all of them use.
    pub relay: Relay,
}

impl ConductorNetwork {
    /// Starts a relay and `count` conductors with the defaults of [`ConductorBuilder`], one after the other, and resolves
    /// when all are ready.
    ///
    /// [`LaunchError`], variant by variant, of the first conductor that does not start.
    /// [`LaunchError`], variant by variant, of the first one that does not start.
    ///
    /// # Cancel safety
    /// Cancel safe: every process is killed and temporary data removed.
    pub async fn start(count: usize) -> Result<Self, LaunchError> {
        Self::start_with(count, &Conductor::builder()).await
    }

    /// [`start`](Self::start) with conductors that differ from the default. Leave data and admin port at their defaults; the network is the relay's.
    ///
    /// # Errors
    /// [`LaunchError`], variant by variant, of the first conductor that does not start.
    ///
    /// # Cancel safety
    /// Cancel safe: every process is killed and temporary data removed.
    pub async fn start_with(count: usize, builder: &ConductorBuilder) -> Result<Self, LaunchError> {
        let relay = Relay::start().await?;
        let mut conductors = Vec::with_capacity(count);
        while conductors.len() < count {
            conductors.push(builder.clone().with_relay(&relay).start().await?);
        }
        Ok(Self { conductors, relay })
    }

    /// Installs and enables the app on every conductor, with an agent of its own on each, and resolves when all of them can be
    /// called. They need not know each other yet: see [`wait_until_acquainted`](Self::wait_until_acquainted).
    ///
    /// # Errors
    /// As [`Conductor::install_app`], [`Conductor::enable`] and [`Conductor::wait_until_callable`].
    ///
    /// # Cancel safety
    /// Not cancel safe: it is then unknown on which conductors the app was installed.
    pub async fn install_app(
        &self,
        bundle: &HappBundleSource,
        app_id: &str,
        options: &InstallOptions,
    ) -> Result<Vec<AppInfo>, AdminError> {
        let mut infos = Vec::with_capacity(self.conductors.len());
        for conductor in &self.conductors {
            conductor.install_app(bundle, app_id, options.clone()).await?;
            conductor.enable(app_id).await?;
            infos.push(conductor.wait_until_callable(app_id).await?);
        }
        Ok(infos)
    }

    /// Resolves when every conductor knows the agents of all conductors in every cell of the app, and knows that each of them holds
    /// the whole DHT and so can be asked for data: until then, a `get` from the network finds nothing. Polls every
    /// [`ACQUAINTED_INTERVAL`], for at most [`DEFAULT_ACQUAINTED_TIMEOUT`] each.
    ///
    /// # Errors
    /// As [`Conductor::wait_until_acquainted`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn wait_until_acquainted(&self, app_id: &str) -> Result<(), AdminError> {
        let holds_all = |agent: &String| agent.contains(WHOLE_DHT);
        for conductor in &self.conductors {
            conductor.wait_for_agents(app_id, self.conductors.len(), holds_all).await?;
        }
        Ok(())
    }
}

impl Conductor {
    /// Resolves when the conductor knows at least `agents` agents, its own included, in every running cell of the app: they can then
    /// be called. Polls every [`ACQUAINTED_INTERVAL`], for at most [`DEFAULT_ACQUAINTED_TIMEOUT`].
    ///
    /// # Errors
    /// [`AdminError::NotCallable`] if the app is not enabled or not installed; [`AdminError::TimedOut`], [`AdminError::Refused`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn wait_until_acquainted(&self, app_id: &str, agents: usize) -> Result<(), AdminError> {
        self.wait_for_agents(app_id, agents, |_| true).await
    }

    /// Waits for this many agents whose announcement, a JSON text, `counts`.
    async fn wait_for_agents(
        &self,
        app_id: &str,
        agents: usize,
        counts: impl Fn(&String) -> bool,
    ) -> Result<(), AdminError> {
        let info = self.wait_until_callable(app_id).await?;
        let admin = self.admin().await?;
        let begun = Instant::now();
        for cell in cells(&info) {
            let space = || Some(vec![cell.dna_hash().clone()]);
            loop {
                let known = self.bounded("agent_info", admin.agent_info(space())).await?;
                if known.into_iter().filter(&counts).count() >= agents {
                    break;
                }
                if begun.elapsed() > DEFAULT_ACQUAINTED_TIMEOUT {
                    let after = DEFAULT_ACQUAINTED_TIMEOUT;
                    let logs = self.log_tail();
                    return Err(AdminError::TimedOut { request: "wait_until_acquainted", after, logs });
                }
                look_again_later().await;
            }
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one poll of known agents, at ACQUAINTED_INTERVAL")]
async fn look_again_later() {
    tokio::time::sleep(ACQUAINTED_INTERVAL).await;
}
