//! Why an admin request failed.

use std::sync::Arc;

use ham_session::{Delivery, DialError, Recovery, RequestError};

use crate::dialect::Release;
use crate::wire::{BadAnswer, Refusal};

/// Why an admin request failed. Admin writes have no nonce: a lost one is [`Delivery::Unknown`].
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// There is no admin interface to ask.
    #[error("this operation needs the admin interface, but none is configured")]
    NotConfigured,
    /// The admin interface was closed here. Nothing was sent.
    #[error("the admin interface was closed")]
    Closed,
    /// The admin interface cannot be reached.
    #[error("cannot reach the admin interface at {url}")]
    Dial {
        /// Where ham looked for it.
        url: String,
        /// Why.
        #[source]
        source: Arc<DialError>,
    },
    /// The conductor's release has no such request; nothing happened.
    #[error("Holochain {release} has no request `{request}`")]
    NotInRelease {
        /// The request's name on the wire.
        request: String,
        /// The conductor's release.
        release: Release,
    },
    /// The chain is closed, and the conductor would write to it anyway: other agents would warrant this one. Nothing was sent.
    #[error("the source chain of this cell is closed; nothing can be granted or revoked on it any more")]
    ChainClosed,
    /// The request was not answered. If it is a write, it may have happened; `reconcile` names the read that tells.
    #[error("the admin request `{request}` was not answered; {reconcile}")]
    Lost {
        /// The request.
        request: &'static str,
        /// What tells whether it happened.
        reconcile: &'static str,
        /// Why.
        #[source]
        source: RequestError,
    },
    /// The conductor's answer is an error, or not an answer to this request.
    #[error("the admin request `{request}` failed")]
    Answer {
        /// The request.
        request: &'static str,
        /// Why.
        #[source]
        source: BadAnswer,
    },
}

impl AdminError {
    /// Whether the request may have reached the conductor.
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Closed | Self::NotConfigured | Self::Dial { .. } | Self::ChainClosed => Delivery::NotSent,
            Self::Lost { source, .. } => source.delivery(),
            Self::Answer { .. } | Self::NotInRelease { .. } => Delivery::Answered,
        }
    }

    /// What the owner can do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NotConfigured | Self::ChainClosed | Self::NotInRelease { .. } => Recovery::FixCaller,
            Self::Closed => Recovery::GiveUp,
            Self::Dial { source, .. } => source.recovery(),
            Self::Lost { source, .. } => source.recovery(),
            Self::Answer { source, .. } => match source {
                BadAnswer::Refused(refusal) => refusal.recovery(),
                BadAnswer::Empty
                | BadAnswer::Undecodable(_)
                | BadAnswer::OtherRelease { .. }
                | BadAnswer::Unexpected { .. } => Recovery::FixCaller,
            },
        }
    }

    /// The conductor's refusal, if it is one.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Answer { source: BadAnswer::Refused(refusal), .. } => Some(refusal),
            _ => None,
        }
    }

    /// Whether the conductor could not read the request.
    pub(crate) fn is_unreadable_request(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_unreadable_request)
    }

    /// Whether the conductor cannot read an entry of the chain, which an earlier release wrote.
    pub(crate) fn is_unreadable_entry(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_unreadable_entry)
    }
}
