//! A conductor with the probe, and where its functions are called.

use std::collections::BTreeMap;

use ham::{PersistentHam, PersistentHamConfig};
use ham_launcher::{Conductor, Install, InstallOptions};
use holochain_conductor_api::CellInfo;
use serde::Deserialize;
use tempfile::TempDir;

use crate::{Failure, PATIENCE};

pub(crate) const APP: &str = "bench";
/// `"hello"` in base64url.
const HELLO: &str = "ImhlbGxvIg==";

pub(crate) struct Stage {
    pub(crate) conductor: Conductor,
    pub(crate) directory: TempDir,
    /// The DNA of the role `probe`.
    dna: String,
}

#[derive(Deserialize)]
struct Listed {
    call_id: String,
}

impl Stage {
    pub(crate) async fn set(install: Install) -> Result<Self, Failure> {
        let bundle = install.relaxed_bundle()?;
        let conductor = Conductor::builder().with_install(install).start().await?;
        let app = conductor.install_app(&bundle, APP, InstallOptions::default()).await?;
        conductor.enable(APP).await?;
        let probe = app.cell_info.get("probe").and_then(|cells| cells.first());
        let Some(CellInfo::Provisioned(cell)) = probe else { return Err("the probe has no cell".into()) };
        let dna = cell.cell_id.dna_hash().to_string();
        let stage = Self { conductor, directory: TempDir::new()?, dna };
        let ham = stage.ham().await?;
        ham.wait_until_callable("probe", PATIENCE, |_| ()).await?;
        ham.close().await;
        Ok(stage)
    }

    async fn ham(&self) -> Result<PersistentHam, Failure> {
        let config = PersistentHamConfig::local(self.conductor.admin_port(), APP).with_deadline(PATIENCE);
        Ok(PersistentHam::connect(config).await?)
    }

    /// Where both gateways call a function that reads nothing and answers its argument.
    pub(crate) fn echo(&self) -> String {
        format!("{}?payload={HELLO}", self.address("probe", "echo_text"))
    }

    /// Where both gateways call this function.
    pub(crate) fn address(&self, zome: &str, function: &str) -> String {
        format!("/{}/{APP}/{zome}/{function}", self.dna)
    }

    /// Where this gateway calls it, of the zome `probe`.
    pub(crate) fn path(&self, function: &str) -> String {
        path("probe", function)
    }

    /// How often each call wrote.
    pub(crate) async fn written(&self) -> Result<BTreeMap<String, usize>, Failure> {
        let ham = self.ham().await?;
        ham.wait_until_callable("probe", PATIENCE, |_| ()).await?;
        let listed: Vec<Listed> = ham.call_zome("probe", "probe", "list_items", ()).await?;
        ham.close().await;
        let mut written = BTreeMap::new();
        for Listed { call_id } in listed {
            *written.entry(call_id).or_default() += 1;
        }
        Ok(written)
    }

    pub(crate) async fn end(self) -> Result<(), Failure> {
        self.conductor.stop().await?;
        Ok(())
    }
}

pub(crate) fn path(zome: &str, function: &str) -> String {
    format!("/api/v1/apps/{APP}/roles/probe/zomes/{zome}/fns/{function}")
}
