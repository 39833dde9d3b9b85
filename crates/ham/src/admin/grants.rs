//! Capability grants: written, listed and revoked in the format of the conductor's release.

use ham_session::{Phase, RequestError};
use holochain_conductor_api::{AdminRequest, AdminResponse};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ActionHash;

use super::chain::Chain;
use super::client::Admin;
use super::pending::{PendingRequest, READ_AGAIN, ReadRetries, not_found};
use crate::dialect::grant::GrantList;
use crate::dialect::table::ClosedChain;
use crate::dialect::{CapGrant, CapGrantInfo, Dialect};
use crate::error::AdminError;
use crate::wire::Request;
use crate::wire::find;
use crate::wire::{self, BadAnswer, Incoming};

/// The request that writes a grant.
pub(crate) const GRANT: &str = "grant_zome_call_capability";

impl Admin {
    /// Writes a zome-call capability grant to a cell's source chain, never to a closed one.
    ///
    /// # Errors
    /// See [`AdminError`]. An error answer can follow the write (the cell stopped in between): read [`grants`](Self::grants) before
    /// granting again. [`AdminError::ChainClosed`] if the chain is closed and the conductor would write the grant anyway.
    pub async fn grant_zome_call_capability(
        &self,
        cell_id: &CellId,
        grant: &CapGrant,
    ) -> Result<ActionHash, AdminError> {
        self.check_open(cell_id).await?;
        self.grant(cell_id, grant).await
    }

    /// Writes a grant. The caller has checked whether the chain is closed.
    pub(crate) async fn grant(&self, cell_id: &CellId, grant: &CapGrant) -> Result<ActionHash, AdminError> {
        let deadline = self.deadline();
        let (link, dialect) = self.speaking(deadline).await?;
        let request = GRANT;
        let reconcile = "list_capability_grants tells whether it is there";
        let pending = PendingRequest { link: &link, request, reconcile, deadline };
        let answer = pending.answer(Request::named(request, dialect.grants.request(cell_id, grant))).await?;
        match wire::named(answer, "zome_call_capability_granted") {
            Ok(hash) => Ok(hash),
            // It does not read the format of its release.
            Err(BadAnswer::Refused(refusal)) if refusal.is_unreadable_request() => {
                let why = "it cannot read the request for a grant".into();
                Err(pending.bad(BadAnswer::OtherRelease { release: dialect.release, why }))
            }
            Err(source) => Err(pending.bad(source)),
        }
    }

    /// The capability grants of an app's provisioned cells, without their secrets. Conductors omit clones.
    ///
    /// # Errors
    /// See [`AdminError`]. If a chain holds a grant that an earlier release wrote and this one cannot read, the conductor refuses the whole list.
    pub async fn grants(
        &self,
        app_id: impl Into<String>,
        include_revoked: bool,
    ) -> Result<Vec<(CellId, Vec<CapGrantInfo>)>, AdminError> {
        let deadline = self.deadline();
        let request = AdminRequest::ListCapabilityGrants {
            installed_app_id: app_id.into(),
            // Without it, releases before 0.7.1 list none.
            include_revoked: true,
        };
        let mut retries = ReadRetries::default();
        loop {
            let (link, dialect) = self.speaking(deadline).await?;
            let pending = PendingRequest {
                link: &link,
                request: "list_capability_grants",
                reconcile: READ_AGAIN,
                deadline,
            };
            match pending.answer(Request::admin(&request)).await {
                Ok(answer) => return listed(&pending, answer, dialect, include_revoked),
                Err(error) => retries.again(error)?,
            }
        }
    }

    /// Revokes a zome-call capability grant, never on a closed chain.
    ///
    /// # Errors
    /// See [`AdminError`]; [`grants`](Self::grants) shows whether a lost request took effect. [`AdminError::ChainClosed`] if the
    /// chain is closed and the conductor would write to it anyway.
    pub async fn revoke_grant(&self, cell_id: CellId, action_hash: ActionHash) -> Result<(), AdminError> {
        self.check_open(&cell_id).await?;
        ask!(self, "revoke_zome_call_capability", "list_capability_grants tells whether it is revoked",
            AdminRequest::RevokeZomeCallCapability { action_hash, cell_id },
            AdminResponse::ZomeCallCapabilityRevoked => ())
    }

    /// Refuses to write to a closed chain if the conductor would do so: other agents warrant the agent for it.
    async fn check_open(&self, cell_id: &CellId) -> Result<(), AdminError> {
        let deadline = self.deadline();
        // Not the release that the owner names: a wrong name would let the write through.
        let mut retries = ReadRetries::default();
        let dialect = loop {
            match find::proven(&self.link(deadline).await?, deadline).await {
                Ok(dialect) => break dialect,
                Err(error) => retries.again(not_found(error))?,
            }
        };
        if dialect.closed_chain == ClosedChain::Refused {
            return Ok(());
        }
        // Many reads share one deadline.
        let looked = tokio::time::timeout_at(deadline, Chain::of(self, cell_id).is_closed()).await;
        match looked.unwrap_or_else(|_| {
            let source = RequestError::TimedOut { phase: Phase::Sent, after: self.shared.timeout };
            Err(AdminError::Lost { request: "dump_state", reconcile: READ_AGAIN, source })
        })? {
            true => Err(AdminError::ChainClosed),
            false => Ok(()),
        }
    }

    /// How the conductor at the other end speaks.
    pub(crate) async fn dialect(&self) -> Result<&'static Dialect, AdminError> {
        Ok(self.speaking(self.deadline()).await?.1)
    }
}

/// The grants that a conductor lists.
fn listed(
    pending: &PendingRequest<'_>,
    answer: Incoming,
    dialect: &Dialect,
    include_revoked: bool,
) -> Result<Vec<(CellId, Vec<CapGrantInfo>)>, AdminError> {
    let list: GrantList =
        wire::named(answer, "capability_grants_info").map_err(|source| pending.bad(source))?;
    let mut grants = dialect
        .grants
        .read(list)
        .map_err(|why| pending.bad(BadAnswer::OtherRelease { release: dialect.release, why: why.into() }))?;
    if !include_revoked {
        grants.iter_mut().for_each(|(_, grants)| grants.retain(|grant| grant.revoked_at.is_none()));
    }
    Ok(grants)
}
