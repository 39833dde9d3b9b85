//! The conductor, as its cells see it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_types::app::{
    CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload, EnableCloneCellPayload,
    InstalledAppId,
};
use holochain_types::prelude::{ClonedCell, ZomeCallParams, ZomeCallResponse};

use crate::budget::Budget;
use crate::error::{ApiError, ConductorError};

/// What a cell asks for that other cells do, or that creates and removes cells. An implementation may call the cell again, so futures are boxed.
pub(crate) trait Home: Send + Sync {
    /// A call whose caller is known.
    fn call_zome(
        self: Arc<Self>,
        params: ZomeCallParams,
        caller: Caller,
    ) -> BoxFuture<'static, Result<ZomeCallResponse, ApiError>>;

    /// Makes and starts another cell of a role.
    fn create_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: CreateCloneCellPayload,
        budget: Budget,
    ) -> BoxFuture<'static, Result<ClonedCell, ConductorError>>;

    /// Stops a clone cell.
    fn disable_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: DisableCloneCellPayload,
    ) -> BoxFuture<'static, Result<(), ConductorError>>;

    /// Starts a clone cell again.
    fn enable_clone_cell(
        self: Arc<Self>,
        app: InstalledAppId,
        payload: EnableCloneCellPayload,
        budget: Budget,
    ) -> BoxFuture<'static, Result<ClonedCell, ConductorError>>;

    /// Removes a disabled clone cell with its data.
    fn delete_clone_cell(
        self: Arc<Self>,
        payload: DeleteCloneCellPayload,
    ) -> BoxFuture<'static, Result<(), ConductorError>>;
}

/// The caller of a zome, in addition to what is signed.
pub(crate) struct Caller {
    /// The chain as the calling function sees it: shared with what that function calls in its own cell.
    pub(crate) workspace: Option<SourceChainWorkspace>,
    /// What the call draws on.
    pub(crate) budget: Budget,
    /// Whether a client signed it, which may send the same bytes again. A call made within this conductor is made once.
    pub(crate) is_signed: bool,
}

impl Caller {
    /// No running caller.
    pub(crate) fn root(budget: Budget) -> Self {
        Self { workspace: None, budget, is_signed: false }
    }

    /// A client, with bytes that it signed. Their expiry is given by the system's clock.
    pub(crate) fn client(budget: Budget) -> Self {
        Self { is_signed: true, ..Self::root(budget) }
    }
}
