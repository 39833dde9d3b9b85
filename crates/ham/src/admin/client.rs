//! The admin interface: one link, dialled on demand and kept while it lives.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::Connection as _;
use ham_session::{Inbox, Incoming as Pushed, Link, SessionConfig, Target, dial, shown_url};
use holochain_conductor_api::{AdminRequest, AdminResponse};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::pending::{PendingRequest, ReadRetries, not_found};
use crate::config::{DEFAULT_ADMIN_TIMEOUT, DEFAULT_ORIGIN};
use crate::deadline::deadline_after;
use crate::dialect::{Dialect, Release};
use crate::error::AdminError;
use crate::wire::find;
use crate::wire::{self, ConductorProtocol, Interface, Request};

/// A client of a conductor's admin interface. Cheap to clone; all clones share one link.
///
/// The first request dials the link, and so does the first one after it died, within that request's own deadline; no background task
/// redials it. Dropping the last clone closes the link, and so does [`close`](Self::close).
#[derive(Clone, Debug)]
pub struct Admin {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    target: Target,
    session: SessionConfig,
    pub(super) timeout: Duration,
    /// The release that the owner names; `None` to find it out.
    release: Option<Release>,
    /// Held while dialling, so that concurrent callers share one dial.
    link: Mutex<Option<Link<ConductorProtocol>>>,
    /// Whether the owner closed it: there is no link and never will be again.
    closed: watch::Sender<bool>,
}

impl Shared {
    fn new(target: Target, session: SessionConfig, timeout: Duration, release: Option<Release>) -> Arc<Self> {
        let (link, closed) = (Mutex::new(None), watch::Sender::new(false));
        Arc::new(Self { target, session, timeout, release, link, closed })
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("target", &self.target)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How long a close waits for a dial to end.
const DIAL_GIVES_UP: Duration = Duration::from_secs(1);

/// The admin interface pushes nothing.
struct NoPushes;

impl Inbox<ConductorProtocol> for NoPushes {
    fn deliver(&self, _: &Link<ConductorProtocol>, incoming: Pushed<ConductorProtocol>) {
        if let Pushed::Skipped { why } = incoming {
            tracing::warn!(event = crate::events::FRAME_SKIPPED, interface = "admin", why);
        }
    }
}

impl Admin {
    /// A client for the admin interface at `target`; nothing is dialled yet.
    pub fn new(target: Target) -> Self {
        Self::with_config(target, SessionConfig::default(), DEFAULT_ADMIN_TIMEOUT)
    }

    /// As [`new`](Self::new), with a session configuration and a time-out per request, dialling included.
    pub fn with_config(target: Target, session: SessionConfig, timeout: Duration) -> Self {
        Self { shared: Shared::new(target, session, timeout, None) }
    }

    /// Treats the conductor as one of this release; `None` finds the release out. The result has a link of its own.
    #[must_use]
    pub fn with_release(self, release: Option<Release>) -> Self {
        let Shared { target, session, timeout, .. } = &*self.shared;
        Self { shared: Shared::new(target.clone(), session.clone(), *timeout, release) }
    }

    /// A client for the admin interface on a local port, with ham's own origin.
    pub fn local(port: u16) -> Self {
        Self::new(crate::config::local_target(port, DEFAULT_ORIGIN))
    }

    pub(crate) fn target(&self) -> &Target {
        &self.shared.target
    }

    /// Where it dials, without query and credentials.
    pub fn url(&self) -> String {
        shown_url(&self.shared.target.url)
    }

    /// The conductor's release of Holochain. Found out once per link, with at most two requests that change nothing.
    ///
    /// # Errors
    /// See [`AdminError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn release(&self) -> Result<Release, AdminError> {
        Ok(self.speaking(self.deadline()).await?.1.release)
    }

    /// Makes any admin request. `request_name` and `reconcile` go into the error.
    ///
    /// # Errors
    /// See [`AdminError`]; a lost write is [`AdminError::Lost`] with [`Delivery::Unknown`](ham_session::Delivery).
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; the request may still be carried out.
    pub async fn request(
        &self,
        request_name: &'static str,
        reconcile: &'static str,
        request: &AdminRequest,
    ) -> Result<AdminResponse, AdminError> {
        let deadline = self.deadline();
        let mut retries = ReadRetries::default();
        loop {
            let link = self.link(deadline).await?;
            let pending = PendingRequest { link: &link, request: request_name, reconcile, deadline };
            let answer = match pending.answer(Request::admin(request)).await {
                Ok(answer) => answer,
                Err(error) => {
                    retries.again(error)?;
                    continue;
                }
            };
            return match wire::admin_answer(answer) {
                Ok(response) => Ok(response),
                Err(bad) => {
                    Err(match find::lacking(&link, &bad, || Request::admin(request), deadline).await {
                        Some((request, release)) => AdminError::NotInRelease { request, release },
                        None => pending.bad(bad),
                    })
                }
            };
        }
    }

    /// A live link, and how the conductor at its other end speaks.
    pub(super) async fn speaking(
        &self,
        deadline: Instant,
    ) -> Result<(Link<ConductorProtocol>, &'static Dialect), AdminError> {
        let mut retries = ReadRetries::default();
        loop {
            let link = self.link(deadline).await?;
            match find::dialect(&link, deadline).await {
                Ok(dialect) => return Ok((link, dialect)),
                Err(error) => retries.again(not_found(error))?,
            }
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        deadline_after(self.shared.timeout)
    }

    /// Closes it for all clones: ends a dial under way, and the link after outstanding requests have had the session's drain
    /// time-out. From then on, requests fail with [`AdminError::Closed`].
    ///
    /// # Cancel safety
    /// Dropping the future undoes nothing: no further link is dialled, and the current one ends with its requests.
    pub async fn close(&self) {
        self.shared.closed.send_replace(true);
        // A dialling caller gives up when it is next polled, which may be never: then there is no link to close.
        let slot = tokio::time::timeout(DIAL_GIVES_UP, self.shared.link.lock()).await;
        let link = slot.ok().and_then(|mut slot| slot.take());
        if let Some(link) = link {
            link.close().await;
        }
    }

    fn is_closed(&self) -> bool {
        *self.shared.closed.borrow()
    }

    /// Whether a dial is under way.
    pub(crate) fn is_dialling(&self) -> bool {
        self.shared.link.try_lock().is_err()
    }

    /// The live link, dialled if there is none.
    pub(super) async fn link(&self, deadline: Instant) -> Result<Link<ConductorProtocol>, AdminError> {
        let dialled = async {
            let mut slot = self.shared.link.lock().await;
            if self.is_closed() {
                return Err(AdminError::Closed);
            }
            if let Some(link) = slot.as_ref().filter(|link| link.end().is_none()) {
                return Ok(link.clone());
            }
            let protocol = ConductorProtocol::new(Interface::Admin).with_release(self.shared.release);
            let protocol = Arc::new(protocol);
            let link = dial(&self.shared.target, protocol, Arc::new(NoPushes), &self.shared.session)
                .await
                .map_err(|source| AdminError::Dial { url: self.url(), source: Arc::new(source) })?;
            // Closed just now: this is the link's last handle, and dropping it ends the link.
            if self.is_closed() {
                return Err(AdminError::Closed);
            }
            *slot = Some(link.clone());
            Ok(link)
        };
        let mut closed = self.shared.closed.subscribe();
        let dialled = async {
            tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => Err(AdminError::Closed),
                dialled = dialled => dialled,
            }
        };
        match tokio::time::timeout_at(deadline, dialled).await {
            Ok(result) => result,
            Err(_) => Err(AdminError::Dial {
                url: self.url(),
                source: Arc::new(ham_session::DialError::TimedOut {
                    phase: ham_session::DialPhase::Connect,
                    after: self.shared.timeout,
                }),
            }),
        }
    }
}
