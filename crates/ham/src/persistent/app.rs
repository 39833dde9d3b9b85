//! Requests to the app interface that are not zome calls.

use std::time::Duration;

use holochain_conductor_api::{AppInfo, AppRequest, AppResponse};
use holochain_types::prelude::{
    CreateCloneCellPayload, DisableCloneCellPayload, EnableCloneCellPayload, MemproofMap,
};
use holochain_zome_types::clone::ClonedCell;
use tokio::time::Instant;

use super::handle::PersistentHam;
use crate::call::unexpected;
use crate::deadline::deadline_after;
use crate::error::CallError;

impl PersistentHam {
    /// The app as the conductor describes it now.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn app_info(&self) -> Result<AppInfo, CallError> {
        let deadline = deadline_after(self.caller.config.deadline);
        self.caller.refresh(deadline).await.map(|info| (*info).clone())
    }

    /// Makes a round trip to the conductor and returns how long it took.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn ping(&self) -> Result<Duration, CallError> {
        let began = Instant::now();
        self.app_info().await?;
        Ok(began.elapsed())
    }

    /// Makes any app request except a zome call. Such requests carry no nonce: a lost one is
    /// [`Outcome::Unknown`](crate::Outcome::Unknown) and is never sent again.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; the request may still be carried out.
    pub async fn app_request(&self, request: &AppRequest) -> Result<AppResponse, CallError> {
        let deadline = deadline_after(self.caller.config.deadline);
        self.caller.app_request(request, deadline).await
    }

    /// Clones a cell. Its calls and signals work at once.
    ///
    /// # Errors
    /// See [`CallError`]; [`app_info`](Self::app_info) shows whether a lost request took effect.
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn create_clone(&self, payload: CreateCloneCellPayload) -> Result<ClonedCell, CallError> {
        match self.app_request(&AppRequest::CreateCloneCell(Box::new(payload))).await? {
            AppResponse::CloneCellCreated(clone) => Ok(clone),
            other => Err(unexpected("clone_cell_created", &other)),
        }
    }

    /// Disables a clone.
    ///
    /// # Errors
    /// See [`CallError`]; [`app_info`](Self::app_info) shows whether a lost request took effect.
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn disable_clone(&self, payload: DisableCloneCellPayload) -> Result<(), CallError> {
        match self.app_request(&AppRequest::DisableCloneCell(Box::new(payload))).await? {
            AppResponse::CloneCellDisabled => Ok(()),
            other => Err(unexpected("clone_cell_disabled", &other)),
        }
    }

    /// Enables a clone.
    ///
    /// # Errors
    /// See [`CallError`]; [`app_info`](Self::app_info) shows whether a lost request took effect.
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn enable_clone(&self, payload: EnableCloneCellPayload) -> Result<ClonedCell, CallError> {
        match self.app_request(&AppRequest::EnableCloneCell(Box::new(payload))).await? {
            AppResponse::CloneCellEnabled(clone) => Ok(clone),
            other => Err(unexpected("clone_cell_enabled", &other)),
        }
    }

    /// Provides the membrane proofs that the app waits for.
    ///
    /// # Errors
    /// See [`CallError`]; [`app_info`](Self::app_info) shows whether a lost request took effect.
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn provide_memproofs(&self, proofs: MemproofMap) -> Result<(), CallError> {
        match self.app_request(&AppRequest::ProvideMemproofs(proofs)).await? {
            AppResponse::Ok => Ok(()),
            other => Err(unexpected("ok", &other)),
        }
    }

    /// Enables the app, if the conductor lets an app do so itself.
    ///
    /// # Errors
    /// See [`CallError`]; [`app_info`](Self::app_info) shows whether a lost request took effect.
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn enable_app(&self) -> Result<(), CallError> {
        match self.app_request(&AppRequest::EnableApp).await? {
            AppResponse::Ok => Ok(()),
            other => Err(unexpected("ok", &other)),
        }
    }
}
