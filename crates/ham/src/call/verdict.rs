//! What a refusal proves on the release that gave it: asks for the release, and for the reason that it keeps to itself.

use ham_session::{Link, LinkEnd, RequestError};
use holochain_conductor_api::{AppInfo, AppRequest, AppResponse, CellInfo};
use holochain_zome_types::cell::CellId;
use tokio::time::Instant;

use super::caller::{Caller, bad_answer};
use super::send::MAX_RESUMES;
use crate::dialect::{Dialect, Release};
use crate::error::{CallError, from_request};
use crate::wire::find::{self, NotFound};
use crate::wire::{self, NotRunning, Refusal, Verdict, not_enabled};
use crate::wire::{ConductorProtocol, Request};

/// How many links may be lost in finding out the release.
const MAX_LOSSES: u32 = 2;

impl Caller {
    /// The release of the conductor behind the link. A read, so it is asked again on the next link.
    pub(crate) async fn release(&self, deadline: Instant) -> Result<Release, CallError> {
        let mut losses = 0;
        loop {
            let link = self.link(deadline).await?;
            return match find::dialect(&link, deadline).await {
                Ok(dialect) => Ok(dialect.release),
                // A conductor that ends the link whenever it is asked must not be asked for ever.
                Err(NotFound::Lost { source: RequestError::LinkLost { .. }, .. }) if losses < MAX_LOSSES => {
                    losses += 1;
                    continue;
                }
                Err(NotFound::Lost { request, source }) => match from_request(source, request, false) {
                    // It is a read: nothing can have been done.
                    CallError::TimedOut { target, after, .. } => {
                        Err(CallError::TimedOut { target, after, sent: false })
                    }
                    CallError::LinkLost { end, .. } => Err(CallError::LinkLost { end, sent: false }),
                    error => Err(error),
                },
                Err(NotFound::Answer { source, .. }) => Err(bad_answer(source)),
            };
        }
    }

    /// Whether bytes that may have been sent before can be sent on this link; `false` when the link ended meanwhile.
    async fn may_repeat(&self, link: &Link<ConductorProtocol>, deadline: Instant) -> Result<bool, CallError> {
        match find::proven(link, deadline).await {
            Ok(dialect) if dialect.remembers_nonces => Ok(true),
            Ok(dialect) => Err(CallError::UnsafeToRepeat { release: dialect.release }),
            Err(NotFound::Lost { source: RequestError::LinkLost { .. }, .. }) => Ok(false),
            Err(NotFound::Lost { request, source }) => Err(from_request(source, request, true)),
            Err(NotFound::Answer { source, .. }) => Err(CallError::UnexpectedResponse(source.to_string())),
        }
    }

    /// A link on which bytes that may have been sent before can be sent, as they are or as a fence. Links that end in finding
    /// out the release count as `losses`: a conductor that ends each must not be asked for ever.
    ///
    /// # Errors
    /// [`CallError::UnsafeToRepeat`], and why there is no link or no release.
    pub(crate) async fn repeatable_link(
        &self,
        losses: &mut u32,
        deadline: Instant,
    ) -> Result<Link<ConductorProtocol>, CallError> {
        loop {
            let link = self.link(deadline).await?;
            if self.may_repeat(&link, deadline).await? {
                return Ok(link);
            }
            *losses += 1;
            if *losses > MAX_RESUMES {
                let end = link.end().unwrap_or_else(|| LinkEnd::ClosedHere.into());
                return Err(CallError::LinkLost { end, sent: true });
            }
        }
    }

    /// What the refusal of a call on `cell` proves. A release that does not say why a cell does not run leaves that to the
    /// app's status, which is asked at most once: `known` keeps it.
    pub(crate) async fn verdict(
        &self,
        link: &Link<ConductorProtocol>,
        refusal: Refusal,
        cell: &CellId,
        known: &mut Option<NotRunning>,
        deadline: Instant,
    ) -> (Refusal, Verdict) {
        let refusal = on_its_release(link, refusal, deadline).await;
        let verdict = match (refusal.verdict(cell), &known) {
            (Verdict::NotRunningUnexplained, Some(reason)) => Verdict::NotRunning(reason.clone()),
            (Verdict::NotRunningUnexplained, None) => {
                let reason = why_not_running(link, cell, deadline).await;
                *known = Some(reason.clone());
                Verdict::NotRunning(reason)
            }
            (verdict, _) => verdict,
        };
        (refusal, verdict)
    }
}

/// Whether the conductor is known to forget nonces: what was sent to it is not sent again, and no later link changes that.
pub(crate) fn forgets(link: &Link<ConductorProtocol>) -> bool {
    let known = link.welcome().release().get();
    known.is_some_and(|release| !Dialect::of(*release).remembers_nonces)
}

/// The refusal with the release that gave it, where that matters. Without it, it proves only what every release means.
async fn on_its_release(link: &Link<ConductorProtocol>, refusal: Refusal, deadline: Instant) -> Refusal {
    if !refusal.depends_on_release() {
        return refusal;
    }
    match find::dialect(link, deadline).await {
        Ok(dialect) => refusal.said_by(dialect.release),
        Err(_) => refusal,
    }
}

/// Why a cell does not run, after the app's status.
async fn why_not_running(link: &Link<ConductorProtocol>, cell: &CellId, deadline: Instant) -> NotRunning {
    let asked = async {
        let out = Request::app(&AppRequest::AppInfo).map_err(RequestError::Encode)?;
        link.request(out, deadline).await
    };
    match asked.await.map(wire::app_answer) {
        Ok(Ok(AppResponse::AppInfo(Some(info)))) => reason_in(&info, cell),
        _ => NotRunning::Other("the conductor gives no reason".into()),
    }
}

/// An app that is enabled has cells that start, and clones that are disabled.
fn reason_in(info: &AppInfo, cell: &CellId) -> NotRunning {
    let disabled_clone = |info: &CellInfo| match info {
        CellInfo::Cloned(clone) => clone.cell_id == *cell && !clone.enabled,
        CellInfo::Provisioned(_) | CellInfo::Stem(_) => false,
    };
    match not_enabled(&info.status) {
        Some(reason) => reason,
        None if info.cell_info.values().flatten().any(disabled_clone) => NotRunning::CloneDisabled,
        None => NotRunning::NotStarted,
    }
}
