//! What all clones of a handle share: the link, the newest app info, and the reads that calls begin with.

use std::sync::Arc;

use ham_persistent::Persistent;
use ham_session::{Link, NoLink, live_link};
use holochain_conductor_api::{AppInfo, AppRequest, AppResponse};
use holochain_zome_types::cell::CellId;
use tokio::time::Instant;

use super::breaker::Breakers;
use super::lane::Lanes;
use super::target::{self, CallTarget};
use crate::admin::Admin;
use crate::config::PersistentHamConfig;
use crate::error::{CallError, from_request};
use crate::link::HamState;
use crate::link::SignalHub;
use crate::link::{ConductorConnector, KnownApp};
use crate::metrics::Meter;
use crate::signing::Signer;
use crate::wire::find;
use crate::wire::{self, BadAnswer, not_enabled};
use crate::wire::{ConductorProtocol, Request};

/// How many links one read may lose.
const MAX_LOSSES: u32 = 4;

/// What all clones share.
pub(crate) struct Caller {
    pub(crate) config: Arc<PersistentHamConfig>,
    pub(crate) signer: Signer,
    pub(crate) breakers: Breakers,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) persistent: Persistent<ConductorConnector>,
    pub(crate) admin: Option<Admin>,
    pub(crate) signals: Arc<SignalHub>,
    pub(crate) app: Arc<KnownApp>,
}

impl Caller {
    /// A live link, awaited until the deadline.
    pub(crate) async fn link(&self, deadline: Instant) -> Result<Link<ConductorProtocol>, CallError> {
        live_link(&self.persistent, deadline).await.map_err(|why| match why {
            NoLink::Closed => CallError::Closed { sent: false },
            NoLink::TimedOut { after } => {
                let last = HamState::new(&self.persistent.state().borrow(), None).to_string();
                CallError::NoLink { after, last, sent: false }
            }
        })
    }

    /// One app request on one link.
    pub(crate) async fn app_request(
        &self,
        request: &AppRequest,
        deadline: Instant,
    ) -> Result<AppResponse, CallError> {
        loop {
            let link = self.link(deadline).await?;
            match asked(&link, request, deadline).await {
                // The link is being replaced and took nothing; if the owner closed, the next wait for a link says so.
                Err(CallError::Closed { sent: false }) => {}
                result => return result,
            }
        }
    }

    /// The app as it is now.
    pub(crate) async fn refresh(&self, deadline: Instant) -> Result<Arc<AppInfo>, CallError> {
        let mut retries = ReadRetries::default();
        loop {
            let link = self.link(deadline).await?;
            match asked(&link, &AppRequest::AppInfo, deadline).await {
                Ok(AppResponse::AppInfo(Some(info))) => return Ok(self.learned(info, &link)),
                Ok(AppResponse::AppInfo(None)) => {
                    return Err(CallError::AppNotInstalled { app_id: self.config.app_id.clone() });
                }
                Ok(other) => return Err(unexpected("app_info", &other)),
                Err(error) => retries.again(error)?,
            }
        }
    }

    fn learned(&self, info: AppInfo, link: &Link<ConductorProtocol>) -> Arc<AppInfo> {
        let info = Arc::new(info);
        self.app.learn(link, info.clone());
        info
    }

    /// The app as last seen; requested if it never was.
    async fn app(&self, deadline: Instant) -> Result<Arc<AppInfo>, CallError> {
        if let Some(info) = self.app.known() {
            return Ok(info);
        }
        // The link is up before its callback has run; its handshake has already fetched the app.
        match self.link(deadline).await?.welcome().app() {
            Some(info) => Ok(Arc::new(info.clone())),
            None => self.refresh(deadline).await,
        }
    }

    /// The cell that a call is addressed to. An unknown role is looked up once more: it may be a new clone.
    pub(crate) async fn resolve(&self, target: &CallTarget, deadline: Instant) -> Result<CellId, CallError> {
        if let Some(cell) = target::find(&*self.app(deadline).await?, target) {
            return Ok(cell);
        }
        target::known(&*self.refresh(deadline).await?, target)
    }

    /// The cell that a role refers to now, if it is another one because the app was reinstalled.
    pub(crate) async fn moved(
        &self,
        target: &CallTarget,
        cell: &CellId,
        deadline: Instant,
    ) -> Option<CellId> {
        if !matches!(target, CallTarget::Role(_)) {
            return None;
        }
        let info = self.refresh(deadline).await.ok()?;
        target::moved(&info, target, cell)
    }

    /// Whether the app is enabled, as the conductor reports it now.
    pub(crate) async fn check_enabled(
        &self,
        target: &CallTarget,
        deadline: Instant,
    ) -> Result<(), CallError> {
        let info = self.refresh(deadline).await?;
        match not_enabled(&info.status) {
            None => Ok(()),
            Some(reason) => {
                Err(CallError::CellNotRunning { role: target.to_string(), reason, sent_before: false })
            }
        }
    }
}

pub(crate) fn unexpected(expected: &'static str, got: &AppResponse) -> CallError {
    bad_answer(wire::unexpected(expected, got))
}

pub(crate) fn bad_answer(bad: BadAnswer) -> CallError {
    match bad {
        BadAnswer::Refused(refusal) => CallError::Refused { refusal, unsettled: false },
        BadAnswer::Empty => CallError::EmptyAnswer,
        BadAnswer::Undecodable(why) => CallError::UnexpectedResponse(why),
        other @ (BadAnswer::OtherRelease { .. } | BadAnswer::Unexpected { .. }) => {
            CallError::UnexpectedResponse(other.to_string())
        }
    }
}

/// A request that changes nothing: it is made again on the next link if the link ends under it.
#[derive(Default)]
pub(super) struct ReadRetries {
    losses: u32,
}

impl ReadRetries {
    /// Whether to ask again, for at most [`MAX_LOSSES`] links: a conductor that ends the link on every request must not be asked for ever.
    ///
    /// # Errors
    /// Why not. It does not claim that anything was sent.
    pub(super) fn again(&mut self, error: CallError) -> Result<(), CallError> {
        match error {
            // A link that is being replaced takes nothing; if the owner closed, the next wait for a link says so.
            CallError::LinkLost { .. } | CallError::Closed { .. } if self.losses < MAX_LOSSES => {
                self.losses += 1;
                Ok(())
            }
            CallError::LinkLost { end, .. } => Err(CallError::LinkLost { end, sent: false }),
            CallError::TimedOut { target, after, .. } => {
                Err(CallError::TimedOut { target, after, sent: false })
            }
            error => Err(error),
        }
    }
}

/// One request on one link.
async fn asked(
    link: &Link<ConductorProtocol>,
    request: &AppRequest,
    deadline: Instant,
) -> Result<AppResponse, CallError> {
    let out = Request::app(request).map_err(CallError::Encode)?;
    match link.request(out, deadline).await {
        Ok(answer) => match wire::app_answer(answer) {
            Ok(response) => Ok(response),
            Err(bad) => Err(match find::lacking(link, &bad, || Request::app(request), deadline).await {
                Some((request, release)) => CallError::NotInRelease { request, release },
                None => bad_answer(bad),
            }),
        },
        Err(error) => Err(from_request(error, "app_request", false)),
    }
}
