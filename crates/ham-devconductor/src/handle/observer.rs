//! The conductor as its page sees it, from the same process.

use std::sync::{Arc, Weak};

use holo_hash::{ActionHash, AgentPubKey};
use holochain_conductor_api::{AppInfo, IssueAppAuthenticationTokenPayload};
use holochain_keystore::AgentPubKeyExt as _;
use holochain_state::DhtStoreRead;
use holochain_types::app::InstalledAppId;
use holochain_types::prelude::{
    CellId, EntryDef, ExternIO, FunctionName, Record, RecordDetails, Signature, ZomeName,
};

use super::install::{Known, install};
use crate::cell::Caller;
use crate::conductor::Conductor;
use crate::error::InstallError;
use crate::faults::ActiveFaults;
use crate::observe::{CallId, Outcome, Watch};
use crate::work::WorkGuard;

/// Sees a running conductor, and calls it as its own agents: it needs no interface, no token and no grant, and sees private entries.
/// It does not keep the conductor alive. A copy observes the same conductor.
#[derive(Debug, Clone)]
pub struct Observer(Weak<Conductor>);

/// Why something could not be seen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The conductor is gone.
    #[error("the conductor has stopped")]
    Stopped,
    /// The cell is not installed, or does not run; the text says why.
    #[error("{0}")]
    NoCell(String),
    /// A store or the keystore failed.
    #[error("it could not be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One zome of a cell.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ZomeView {
    /// Its name.
    pub name: ZomeName,
    /// Whether it is an integrity zome.
    pub is_integrity: bool,
    /// What its module exports, sorted: functions that can be called, callbacks, and anything else.
    pub exports: Vec<String>,
    /// The entry types that it defines, in order.
    pub entry_types: Vec<EntryDef>,
}

impl Observer {
    pub(super) fn of(conductor: &Arc<Conductor>) -> Self {
        Self(Arc::downgrade(conductor))
    }

    fn conductor(&self) -> Result<Arc<Conductor>, ViewError> {
        let conductor = self.0.upgrade().filter(|conductor| !conductor.life().closing().is_cancelled());
        conductor.ok_or(ViewError::Stopped)
    }

    /// The store of an installed cell; for anything else, asking would create one. While the second value is held, the store is
    /// neither restored nor saved.
    async fn dht(&self, cell: &CellId) -> Result<(DhtStoreRead, WorkGuard), ViewError> {
        let conductor = self.conductor()?;
        let guard = conductor.work().begin().await;
        let not_installed = || ViewError::NoCell(format!("the cell {cell} is not installed"));
        if conductor.apps().state().find_app_containing_cell(cell).is_none() {
            return Err(not_installed());
        }
        let store = conductor.store_of(cell.dna_hash()).await.map_err(unreadable)?;
        Ok((store.ok_or_else(not_installed)?.as_read(), guard))
    }

    /// Watches what happens from now on.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped).
    pub fn watch(&self) -> Result<Watch, ViewError> {
        Ok(self.conductor()?.feed().watch())
    }

    /// The installed apps, in the order of their installation.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped) or [`Unreadable`](ViewError::Unreadable).
    ///
    /// # Cancel safety
    /// It only reads.
    pub async fn apps(&self) -> Result<Vec<AppInfo>, ViewError> {
        let mut apps = self.conductor()?.list_apps(None).await.map_err(unreadable)?;
        apps.reverse();
        Ok(apps)
    }

    /// Installs and enables an app, as [`DevConductor::install`](crate::DevConductor::install) does.
    ///
    /// # Errors
    /// Variant by variant in [`InstallError`]; [`Refused`](InstallError::Refused) too where the conductor has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future stops nothing: it is installed and enabled all the same.
    pub async fn install(&self, bundle: Vec<u8>, id: Option<String>) -> Result<String, InstallError> {
        self.install_holding(bundle, id, ()).await
    }

    /// The same, and what is held, such as a turn, is let go when it is done, though the future was dropped.
    ///
    /// # Errors and cancel safety
    /// As [`install`](Self::install).
    pub async fn install_holding(
        &self,
        bundle: Vec<u8>,
        id: Option<String>,
        held: impl Send + 'static,
    ) -> Result<String, InstallError> {
        let conductor = self.conductor().map_err(|error| InstallError::Refused { source: error.into() })?;
        install(&conductor, bundle, id, Known::Compared, held).await
    }

    /// The faults that were asked for and are not over.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped).
    pub fn faults(&self) -> Result<ActiveFaults, ViewError> {
        Ok(self.conductor()?.active_faults())
    }

    /// The cells that can be called.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped).
    pub fn running(&self) -> Result<Vec<CellId>, ViewError> {
        Ok(self.conductor()?.running_ids())
    }

    /// The zomes of a running cell: integrity zomes first, in order.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped) or [`NoCell`](ViewError::NoCell).
    pub fn zomes(&self, cell: &CellId) -> Result<Vec<ZomeView>, ViewError> {
        let cell = self.conductor()?.cell(cell).map_err(|error| ViewError::NoCell(error.to_string()))?;
        let ribosome = cell.ribosome();
        let views = ribosome.zomes().map(|zome| {
            let info = ribosome.zome_info(&zome.name);
            let own = info.filter(|_| zome.integrity.is_some());
            let names = info.map(|info| info.extern_fns.iter().map(|function| function.0.clone()).collect());
            ZomeView {
                name: zome.name.clone(),
                is_integrity: zome.integrity.is_some(),
                exports: names.unwrap_or_default(),
                entry_types: own.map(|info| info.entry_defs.0.clone()).unwrap_or_default(),
            }
        });
        Ok(views.collect())
    }

    /// A cell's chain with its entries, including private ones, the first action first.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped) or [`Unreadable`](ViewError::Unreadable).
    ///
    /// # Cancel safety
    /// It only reads.
    pub async fn chain(&self, cell: &CellId) -> Result<Vec<Record>, ViewError> {
        let (dht, _guard) = self.dht(cell).await?;
        let records = dht.source_chain_records(cell.agent_pubkey(), true, false).await;
        records.map_err(unreadable)
    }

    /// A record with its updates and deletes, as the cell's agent sees it; `None` if the record is not held.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped) or [`Unreadable`](ViewError::Unreadable).
    ///
    /// # Cancel safety
    /// It only reads.
    pub async fn record(
        &self,
        cell: &CellId,
        action: &ActionHash,
    ) -> Result<Option<RecordDetails>, ViewError> {
        let (dht, _guard) = self.dht(cell).await?;
        dht.get_record_details(action, Some(cell.agent_pubkey())).await.map_err(unreadable)
    }

    /// Calls a function as the cell's own agent; the argument is MessagePack. While someone watches, the call has a name.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped); however the call ended, that is not an error.
    ///
    /// # Cancel safety
    /// Dropping the future lets a running function end; what it staged is then not committed, unless the commit had already begun.
    pub async fn call(
        &self,
        cell: &CellId,
        zome: &str,
        function: &str,
        payload: Vec<u8>,
    ) -> Result<(Option<CallId>, Outcome), ViewError> {
        let conductor = self.conductor()?;
        let running = match conductor.cell(cell) {
            Ok(running) => running,
            Err(error) => return Ok((None, Outcome::NotRun(error.to_string()))),
        };
        let (zome, function) = (ZomeName::from(zome.to_owned()), FunctionName::new(function));
        let params = running.call_of(cell.clone(), zome, function, ExternIO::from(payload));
        let params = params.map_err(ViewError::Unreadable)?;
        let caller = Caller::root(running.budget());
        let call = async {
            let _guard = conductor.work().begin().await;
            conductor.call_watched(params, caller).await
        };
        let (id, answer) = conductor.life().tasks().track_future(call).await;
        Ok((id, Outcome::whole(answer)))
    }

    /// Signs bytes with the key of an agent of this conductor.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped), or [`Unreadable`](ViewError::Unreadable) if the keystore has no such key.
    ///
    /// # Cancel safety
    /// Nothing of it is kept.
    pub async fn sign(&self, agent: &AgentPubKey, bytes: &[u8]) -> Result<Signature, ViewError> {
        let conductor = self.conductor()?;
        agent.sign_raw(conductor.keystore(), bytes.into()).await.map_err(unreadable)
    }

    /// A token of an app for its interface, valid any number of times, until the conductor ends.
    ///
    /// # Errors
    /// [`Stopped`](ViewError::Stopped).
    pub fn issue_token(&self, app: &InstalledAppId) -> Result<Vec<u8>, ViewError> {
        let conductor = self.conductor()?;
        let payload = IssueAppAuthenticationTokenPayload::for_installed_app_id(app.clone()).expiry_seconds(0);
        let payload = IssueAppAuthenticationTokenPayload { single_use: false, ..payload };
        Ok(conductor.tokens().issue(payload, conductor.clock().now()).token)
    }
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> ViewError {
    ViewError::Unreadable(error.into())
}
