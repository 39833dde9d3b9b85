//! What a demonstration runs on: a conductor, the probe with its cells, and a connection to it.

use ham::{
    AppInterface, CallTarget, PersistentHam, PersistentHamConfig, ResetRule, RetryDelay, default_retry,
};
use ham_launcher::{Conductor, HappBundleSource, InstallOptions, Lookup, Tool};
use holochain_types::prelude::{CreateCloneCellPayload, DnaModifiersOpt};
use url::Url;

use super::chain::count_items;
use super::error::DemoError;
use super::options::{CALL_DEADLINE, CELLS, DemoOptions};
use super::probe;
use super::progress::Progress;
use super::wait::within;

/// The installed app.
pub(super) const APP_ID: &str = "ham-demo";

/// A conductor and a connection to it. Dropping it closes the connection and kills the conductor.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) ham: PersistentHam,
    /// By id, so that a call is one request without a look-up.
    pub(super) cells: Vec<CallTarget>,
    pub(super) conductor: Conductor,
}

impl Stage {
    /// Starts everything; resolves when every cell has been called once, so that grants, `init` and the compiler are over.
    pub(super) async fn set(
        options: &DemoOptions,
        progress: &(impl Fn(Progress) + Send + Sync),
    ) -> Result<Self, DemoError> {
        let install = match &options.install {
            Some(install) => install.clone(),
            None => {
                let lookup = Lookup::of(Tool::Conductor(options.release));
                lookup.ensure(|building| progress(Progress::Building(building))).await?
            }
        };
        let bundle = HappBundleSource::Path(install.probe_bundle_path());
        progress(Progress::Starting);
        let conductor = Conductor::builder().with_install(install).start().await?;
        conductor.install_app(&bundle, APP_ID, InstallOptions::default()).await?;
        conductor.enable(APP_ID).await?;
        let ham = PersistentHam::connect(config(&conductor)?).await?;
        let mut cells = vec![ham.wait_until_callable(probe::ROLE, CALL_DEADLINE, |_| ()).await];
        for clone in 1..CELLS {
            let payload = CreateCloneCellPayload {
                role_name: probe::ROLE.to_owned(),
                modifiers: DnaModifiersOpt::none().with_network_seed(format!("clone {clone}")),
                membrane_proof: None,
                name: None,
            };
            cells.push(ham.create_clone(payload).await.map(|clone| clone.cell_id));
        }
        let cells: Result<Vec<_>, _> = cells.into_iter().collect();
        let cells = cells.map_err(DemoError::calling("make the cells"))?;
        let stage = Self { ham, cells: cells.into_iter().map(CallTarget::from).collect(), conductor };
        for cell in &stage.cells {
            count_items(&stage.ham, cell).await?;
        }
        progress(Progress::Ready { process: stage.conductor.process_id(), cells: stage.cells.len() });
        Ok(stage)
    }

    /// A second connection to the same app whose app link goes through `proxy`. It signs with the same keys.
    pub(super) fn connect_through(&self, proxy: std::net::SocketAddr) -> Result<PersistentHam, DemoError> {
        Ok(PersistentHam::start(self.config_through(proxy)?)?)
    }

    /// The configuration of such a connection.
    pub(super) fn config_through(
        &self,
        proxy: std::net::SocketAddr,
    ) -> Result<PersistentHamConfig, DemoError> {
        Ok(config(&self.conductor)?.with_app(AppInterface::Url(url(&format!("ws://{proxy}"))?)))
    }

    /// Where the app's interface listens now.
    pub(super) async fn app_address(&self) -> Result<std::net::SocketAddr, DemoError> {
        let listed = self.admin()?.list_app_interfaces().await?;
        let ours = listed.iter().find(|interface| interface.installed_app_id.as_deref() == Some(APP_ID));
        let port = ours.map(|interface| interface.port).ok_or(ham::ConnectError::NoInterface)?;
        Ok((std::net::Ipv4Addr::LOCALHOST, port).into())
    }

    pub(super) fn admin(&self) -> Result<&ham::Admin, DemoError> {
        self.ham.admin().ok_or(DemoError::Connect(ham::ConnectError::NoInterface))
    }

    /// Closes the connection and stops the conductor.
    pub(super) async fn strike(self) -> Result<(), DemoError> {
        within("end of the connection", self.ham.close()).await?;
        self.conductor.stop().await?;
        Ok(())
    }
}

fn config(conductor: &Conductor) -> Result<PersistentHamConfig, DemoError> {
    let config = PersistentHamConfig::new(url(&conductor.admin_url())?, APP_ID);
    Ok(config.with_deadline(CALL_DEADLINE).with_retry(retry()))
}

/// Ham's own pauses, except that every link counts as one that lasted: kills and cuts come faster than that, and the
/// way back is what is shown.
fn retry() -> RetryDelay {
    match default_retry() {
        RetryDelay::Exponential(exponential) => exponential.with_reset(ResetRule::OnConnect).into(),
        fixed => fixed,
    }
}

fn url(text: &str) -> Result<Url, DemoError> {
    Url::parse(text).map_err(|why| DemoError::Connect(ham::ConnectError::Config(format!("{text}: {why}"))))
}
