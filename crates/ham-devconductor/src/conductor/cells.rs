//! The calls of cells, and the code that they run.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use holochain_conductor_api::ZomeCallParamsSigned;
use holochain_keystore::AgentPubKeyExt as _;
use holochain_types::app::{
    CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload, EnableCloneCellPayload,
    InstalledAppId,
};
use holochain_types::dna::CoordinatorBundle;
use holochain_types::prelude::{CellId, ClonedCell, ZomeCallParams, ZomeCallResponse};

use super::Conductor;
use crate::budget::Budget;
use crate::cell::{Caller, Home};
use crate::decode::decode;
use crate::error::{ApiError, CellError, ConductorError, RibosomeError};
use crate::observe::{CallId, Event, Trace};
use crate::workflow;

impl Conductor {
    /// A call as a client signed it.
    ///
    /// # Errors
    /// The cell cannot be called, or the call failed.
    pub(crate) async fn call_signed(
        &self,
        signed: ZomeCallParamsSigned,
    ) -> Result<ZomeCallResponse, ApiError> {
        let params: ZomeCallParams =
            decode(signed.bytes.as_bytes()).map_err(|error| ApiError::SerializationError(error.into()))?;
        let hash = holo_hash::sha2_512(signed.bytes.as_bytes());
        if !params.provenance.verify_signature_raw(&signed.signature, hash.into()).await? {
            return Ok(ZomeCallResponse::AuthenticationFailed(signed.signature, params.provenance));
        }
        self.call_zome(params, Caller::client(self.budget())).await
    }

    /// A call whose caller is known.
    ///
    /// # Errors
    /// As [`call_signed`](Self::call_signed).
    async fn call_zome(&self, params: ZomeCallParams, caller: Caller) -> Result<ZomeCallResponse, ApiError> {
        self.call_watched(params, caller).await.1
    }

    /// The same, with the name by which watchers know the call; without watchers, it has none.
    pub(crate) async fn call_watched(
        &self,
        params: ZomeCallParams,
        caller: Caller,
    ) -> (Option<CallId>, Result<ZomeCallResponse, ApiError>) {
        let watched = caller.budget.trace().begin(self.feed(), &params);
        let caller = Caller { budget: caller.budget.with_trace(watched.trace()), ..caller };
        let answer = async {
            let cell = self.cell(&params.cell_id)?;
            let (id, budget) = (params.cell_id.clone(), caller.budget.in_cell(cell.ended()));
            let caller = Caller { budget: budget.clone(), ..caller };
            let answer = workflow::call_zome(&cell, params, caller).await;
            answer.map_err(|error| self.told(&id, &budget, error.into()))
        };
        let (id, answer) = (watched.id(), answer.await);
        watched.end(&answer);
        (id, answer)
    }

    /// The error to report when work on a cell failed. If the store was removed while it ran, or it was cut off, the
    /// actual error does not matter. If another app keeps the store, nothing remains of what a zome failed in;
    /// otherwise the error says what is written.
    pub(super) fn told(&self, cell: &CellId, budget: &Budget, error: ApiError) -> ApiError {
        let is_gone = self.apps().state().find_app_containing_cell(cell).is_none();
        if is_gone && (error.is_of_a_zome() || !self.is_wanted(cell.dna_hash())) {
            CellError::Removed(cell.clone()).into()
        } else if budget.ended_cut() {
            CellError::CutOff.into()
        } else {
            error
        }
    }

    /// The budget of a root call.
    pub(crate) fn budget(&self) -> Budget {
        Budget::cut_by(self.config().limits, self.work().cut()).with_trace(Trace::of(self.feed()))
    }

    /// Gives a cell other coordinator zomes; its chain and its integrity zomes stay.
    ///
    /// # Errors
    /// The cell is unknown, or the bundle lacks code that it names.
    pub(crate) async fn update_coordinators(
        &self,
        cell_id: &CellId,
        bundle: CoordinatorBundle,
        other_zomes: OtherZomes,
    ) -> Result<(), ConductorError> {
        let (zomes, wasms) = bundle.into_zomes().await?;
        let definition = self
            .dnas()
            .definition(cell_id)
            .await
            .map_err(|_| ConductorError::CellMissing(cell_id.clone()))?;
        let names = zomes.iter().map(|(name, _)| name.clone()).collect();
        let mut definition = definition.content;
        if other_zomes == OtherZomes::Remove {
            definition.coordinator_zomes.clear();
        }
        let definition = definition.replace_coordinators(zomes).map_err(RibosomeError::from)?;
        for wasm in wasms {
            self.dnas().keep_code(wasm).await?;
        }
        // Loaded before it is kept, so that code which cannot be loaded changes nothing.
        let ribosome = self.dnas().load_definition(definition.clone(), &self.budget()).await?;
        self.dnas().keep_definition(cell_id.agent_pubkey(), &definition.content).await?;
        if let Ok(cell) = self.cell(cell_id) {
            cell.set_ribosome(ribosome);
        }
        self.feed().tell(|| Event::Reloaded { cell: cell_id.clone(), zomes: names });
        Ok(())
    }
}

/// What happens to coordinator zomes that a bundle does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherZomes {
    /// They can no longer be called.
    Remove,
    /// They stay as they are, as in `holochain`.
    Keep,
}

impl Home for Conductor {
    fn call_zome(
        self: Arc<Self>,
        params: ZomeCallParams,
        caller: Caller,
    ) -> BoxFuture<'static, Result<ZomeCallResponse, ApiError>> {
        async move { Self::call_zome(&self, params, caller).await }.boxed()
    }

    fn create_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: CreateCloneCellPayload,
        budget: Budget,
    ) -> BoxFuture<'static, Result<ClonedCell, ConductorError>> {
        async move { Self::create_clone_cell(&self, &app, payload, &budget).await }.boxed()
    }

    fn disable_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: DisableCloneCellPayload,
    ) -> BoxFuture<'static, Result<(), ConductorError>> {
        async move { Self::disable_clone_cell(&self, &app, &payload).await }.boxed()
    }

    fn enable_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: EnableCloneCellPayload,
        budget: Budget,
    ) -> BoxFuture<'static, Result<ClonedCell, ConductorError>> {
        async move { Self::enable_clone_cell(&self, &app, &payload, &budget).await }.boxed()
    }

    fn delete_clone_cell(
        self: Arc<Self>,
        payload: DeleteCloneCellPayload,
    ) -> BoxFuture<'static, Result<(), ConductorError>> {
        async move { Self::delete_clone_cell(&self, &payload).await }.boxed()
    }
}
