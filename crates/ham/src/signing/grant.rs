//! The grant for a key: requested until it is there, and never twice.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::WallClock;
use ham_session::Recovery;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{ActionHash, GrantedFunctions};
use tokio::time::Instant;

use super::credential::StoredCredential;
use super::credential_store::LockedCredentialStore;
use super::fate::{Fate, fate, is_long_ago, left, micros};
use super::look_up::{look_up, revoked};
use super::progress::Progress;
use super::ring::{KeyRing, Keys};
use crate::admin::Admin;
use crate::admin::{Chain, OnChain};
use crate::dialect::{CapAccess, CapGrant};
use crate::error::{AdminError, SigningError, SigningStep};
use crate::events;

/// How often to look for a grant whose fate is unknown.
const GRANT_POLL: Duration = Duration::from_millis(250);
/// How often a grant is requested if it is lost, or refused because others write to the chain.
const TRIES: u32 = 8;
/// The pause before the second try; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

/// What grants are written with.
pub(super) struct Granter<'a> {
    pub(super) admin: &'a Admin,
    pub(super) ring: &'a KeyRing,
    pub(super) functions: &'a GrantedFunctions,
    pub(super) budget: Option<u32>,
    pub(super) wall_clock: &'a Arc<dyn WallClock>,
    pub(super) progress: &'a Progress,
    pub(super) deadline: Instant,
}

impl Granter<'_> {
    /// Gets a credential's grant onto the chain: finds it there, or requests it. `known` tells whether it may be there.
    ///
    /// Cancel-safe: the key is stored, with the time, before its grant is requested. If the request is cut off, this process or
    /// another later finds the grant by its tag, and does not request it again while it may still be written.
    pub(super) async fn obtain(
        &self,
        cell: &CellId,
        mut credential: StoredCredential,
        mut known: bool,
        locked: &mut LockedCredentialStore<'_>,
    ) -> Result<StoredCredential, SigningError> {
        let mut failed: Option<AdminError> = None;
        let (mut tries, mut told) = (0, false);
        loop {
            if known {
                self.progress.begin(SigningStep::GrantLookUp);
                // Before the look-up: whatever is written until then shows in it.
                let left = self.unsettled(&credential);
                match (look_up(Some(self.admin), cell, &credential).await, left) {
                    (Ok(OnChain::Valid(action)), _) => return Ok(there(credential, action, self.ring)),
                    (Ok(OnChain::Revoked), _) => return Err(revoked()),
                    (Ok(OnChain::Absent) | Err(SigningError::Grant(_)), Some(left)) => {
                        if !std::mem::replace(&mut told, true) {
                            self.tell_awaited(&credential, left);
                        }
                        tokio::time::sleep_until(Instant::now() + left.min(GRANT_POLL)).await;
                        continue;
                    }
                    (Ok(OnChain::Absent), None) => {}
                    (Err(error), _) => return Err(failed.map_or(error, SigningError::Grant)),
                }
            }
            // The grant is not there and nothing is under way: the earlier request, if any, wrote nothing.
            self.ring.keys().wrote_nothing(&credential.cell);
            credential.asked = None;
            if let Some(error) = failed.take() {
                tries += 1;
                if !self.paused(&error, tries).await {
                    self.note(&credential, locked).await;
                    return Err(SigningError::Grant(error));
                }
            }
            match self.ask(cell, &mut credential, locked).await? {
                Ok(action) => return Ok(there(credential, Some(action), self.ring)),
                Err(error) => (failed, known) = (Some(error), true),
            }
        }
    }

    /// Logs why nothing seems to happen.
    fn tell_awaited(&self, credential: &StoredCredential, left: Duration) {
        let StoredCredential { app_id, cell, tag, .. } = credential;
        tracing::warn!(
            event = events::CAP_GRANT_AWAITED,
            app_id,
            cell,
            tag,
            "a capability grant was asked for and its answer is lost: it may be written for another {left:.0?}, and is looked for until then"
        );
    }

    /// Waits before the next try; `false` if there is none.
    async fn paused(&self, error: &AdminError, tries: u32) -> bool {
        let again = Instant::now() + FIRST_PAUSE.saturating_mul(1 << (tries - 1).min(8)).min(LONGEST_PAUSE);
        // Lost or refused by a busy conductor.
        let passes =
            matches!(error, AdminError::Lost { .. }) || matches!(error.recovery(), Recovery::CoolDown { .. });
        let waits = passes && tries < TRIES && again < self.deadline;
        if waits {
            tokio::time::sleep_until(again).await;
        }
        waits
    }

    /// Requests the grant. The inner error is that of a request that was sent.
    async fn ask(
        &self,
        cell: &CellId,
        credential: &mut StoredCredential,
        locked: &mut LockedCredentialStore<'_>,
    ) -> Result<Result<ActionHash, AdminError>, SigningError> {
        self.check_allowed(cell).await?;
        credential.asked = Some(micros(self.wall_clock.now()));
        self.progress.begin(SigningStep::CredentialFile);
        locked.keep(credential).await?;
        self.ring.keys().ask(credential);
        self.progress.begin(SigningStep::Grant);
        let error = match self.admin.grant(cell, &self.grant_for(credential)?).await {
            Ok(action) => return Ok(Ok(action)),
            Err(error) => error,
        };
        match fate(&error) {
            Fate::NotSent => {
                self.ring.keys().wrote_nothing(&credential.cell);
                credential.asked = None;
                self.note(credential, locked).await;
                return Err(SigningError::Grant(error));
            }
            Fate::Over => credential.asked = None,
            Fate::Unknown => {}
        }
        Ok(Err(error))
    }

    /// Stores what is known now. Only how long the next one looks for a grant depends on it.
    async fn note(&self, credential: &StoredCredential, locked: &mut LockedCredentialStore<'_>) {
        self.ring.keys().remember(credential);
        if let Err(error) = locked.keep(credential).await {
            tracing::debug!(event = events::CAP_GRANT, %error, "cannot note that no grant was written");
        }
    }

    /// Checked before each try: whatever moved the head may have closed the chain.
    async fn check_allowed(&self, cell: &CellId) -> Result<(), SigningError> {
        check_budget(self.budget, &self.ring.keys())?;
        self.progress.begin(SigningStep::ClosedChainCheck);
        if Chain::of(self.admin, cell).is_closed().await.map_err(SigningError::Grant)? {
            return Err(SigningError::ChainClosed);
        }
        Ok(())
    }

    fn grant_for(&self, credential: &StoredCredential) -> Result<CapGrant, SigningError> {
        let credentials = credential.credentials();
        let secret =
            credentials.cap_secret.ok_or_else(|| SigningError::NoKey("no capability secret".into()))?;
        let assignees = std::iter::once(credentials.provenance).collect();
        Ok(CapGrant {
            tag: credential.tag.clone(),
            access: CapAccess::Assigned { secret, assignees },
            functions: self.functions.clone(),
        })
    }

    /// How much longer a requested grant may still be written.
    fn unsettled(&self, credential: &StoredCredential) -> Option<Duration> {
        let asked = credential.asked?;
        // The clocks of two processes differ, and so does one clock before and after it was set: the wait is measured here. Another
        // process made its request before its note was first seen.
        let since = self.ring.keys().asked(&credential.cell, asked);
        if !since.ours && is_long_ago(asked, micros(self.wall_clock.now())) {
            return None;
        }
        left(since.at.elapsed())
    }
}

/// No grant is requested beyond the budget.
pub(super) fn check_budget(budget: Option<u32>, keys: &Keys) -> Result<(), SigningError> {
    match budget.filter(|budget| keys.spent() >= *budget) {
        Some(budget) => {
            Err(SigningError::GrantForbidden(format!("the budget of {budget} grants is used up")))
        }
        None => Ok(()),
    }
}

/// Records that the grant is on the chain, written by this action if that is known.
pub(super) fn there(
    mut credential: StoredCredential,
    action: Option<ActionHash>,
    ring: &KeyRing,
) -> StoredCredential {
    credential.asked = None;
    credential.written = action.or(credential.written.take());
    if ring.keys().is_there(&credential.cell) {
        let StoredCredential { app_id, cell, tag, .. } = &credential;
        tracing::warn!(event = events::CAP_GRANT, app_id, cell, tag);
        crate::metrics::count_grant(app_id);
    }
    credential
}
