//! One admin request under way, and whether it may be made again.

use ham_session::{Link, RequestError};
use tokio::time::Instant;

use crate::error::AdminError;
use crate::wire::find::NotFound;
use crate::wire::{BadAnswer, ConductorProtocol, Incoming, Request};

/// The `reconcile` text of reads, which leave nothing to reconcile.
pub(super) const READ_AGAIN: &str = "it is a read: ask again";
/// The same for the requests that find out the release.
const FINDING_OUT: &str = "it only finds out the conductor's release: ask again";

/// One request under way.
pub(super) struct PendingRequest<'a> {
    pub(super) link: &'a Link<ConductorProtocol>,
    pub(super) request: &'static str,
    pub(super) reconcile: &'static str,
    pub(super) deadline: Instant,
}

impl PendingRequest<'_> {
    pub(super) async fn answer(&self, out: Result<Request, String>) -> Result<Incoming, AdminError> {
        let (request, reconcile) = (self.request, self.reconcile);
        let out = out.map_err(|why| AdminError::Lost {
            request,
            reconcile: "nothing was sent",
            source: RequestError::Encode(why),
        })?;
        let answer = self.link.request(out, self.deadline).await;
        answer.map_err(|source| AdminError::Lost { request, reconcile, source })
    }

    pub(super) fn bad(&self, source: BadAnswer) -> AdminError {
        AdminError::Answer { request: self.request, source }
    }
}

/// A request that changes nothing: it is made again on a fresh link if the link ends under it.
#[derive(Default)]
pub(super) struct ReadRetries {
    losses: u32,
}

/// How many links one read may lose.
const MAX_LOSSES: u32 = 4;

impl ReadRetries {
    /// Whether to ask again.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn again(&mut self, error: AdminError) -> Result<(), AdminError> {
        match &error {
            AdminError::Lost {
                reconcile: READ_AGAIN | FINDING_OUT,
                source: RequestError::LinkLost { .. } | RequestError::Draining,
                ..
            } if self.losses < MAX_LOSSES => {
                self.losses += 1;
                Ok(())
            }
            _ => Err(error),
        }
    }
}

pub(super) fn not_found(error: NotFound) -> AdminError {
    match error {
        NotFound::Lost { request, source } => AdminError::Lost { request, reconcile: FINDING_OUT, source },
        NotFound::Answer { request, source } => AdminError::Answer { request, source },
    }
}
