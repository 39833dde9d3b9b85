//! Why a call failed.

use std::sync::Arc;
use std::time::Duration;

use ham_session::{LinkEnd, Phase, RequestError, masked};
use holochain_zome_types::prelude::Timestamp;

use super::line::line;
use super::signing::SigningError;
use crate::dialect::Release;
use crate::wire::{NotRunning, Refusal};

/// Why a call failed. One table says what each variant answers to [`outcome`](Self::outcome), [`delivery`](Self::delivery),
/// [`effect`](Self::effect) and [`recovery`](Self::recovery).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No live link before the deadline.
    #[error("Websocket error: Websocket closed: No connection after {after:.1?} ({last})")]
    NoLink {
        /// How long the caller waited.
        after: Duration,
        /// The state of the link at the end.
        last: String,
        /// Whether the call may have left: on an earlier link, or through a clone.
        sent: bool,
    },
    /// The link ended with the call on it, and the policy or the deadline ended the attempts to resume it.
    #[error("Websocket error: Websocket closed: {end}")]
    LinkLost {
        /// How the link ended.
        end: Arc<LinkEnd>,
        /// Whether any byte of the call may have left.
        sent: bool,
    },
    /// No answer within the deadline; the link is fine.
    #[error("Websocket error: Timeout: {target} has no answer after {after:.1?} ({})", if *sent { "sent" } else { "waiting to be sent" })]
    TimedOut {
        /// Role, zome and function.
        target: String,
        /// How long the caller waited.
        after: Duration,
        /// Whether it was sent.
        sent: bool,
    },
    /// Too many calls wait for a place on the link.
    #[error("too many calls are waiting for the link (limit {limit}); slow down")]
    Overloaded {
        /// The bound of the queue.
        limit: usize,
    },
    /// The calls waiting for the link are too large together.
    #[error("the calls that wait for the link take more than {limit} bytes together; slow down")]
    OverloadedBytes {
        /// The bound of the queue in bytes.
        limit: usize,
    },
    /// The cell is cooling down after source-chain pressure; nothing was sent.
    #[error("the cell is under pressure; no call is sent to it for another {after:?}")]
    CoolingDown {
        /// How much longer.
        after: Duration,
    },
    /// The call could not be signed; nothing was sent.
    #[error("cannot sign the call")]
    Signing(#[from] SigningError),
    /// The app has no such role or clone.
    #[error("the app has no role or clone `{}` (it has: {known}); check the role name", masked(role))]
    UnknownRole {
        /// The role or clone that the call names.
        role: String,
        /// What the app has.
        known: String,
    },
    /// The app is no longer installed on this conductor; nothing of the call ran.
    #[error("the app `{}` is no longer installed on this conductor", masked(app_id))]
    AppNotInstalled {
        /// The id of the app.
        app_id: String,
    },
    /// The conductor did not return the app's info, so the call could not be signed; nothing was sent.
    #[error("cannot look up the app")]
    LookUp {
        /// Why; what this error answers about itself concerns the look-up.
        #[source]
        source: Box<Self>,
    },
    /// The payload cannot be encoded.
    #[error("the payload does not encode as MessagePack: {0}")]
    Encode(String),
    /// The encoded call is larger than the link can carry.
    #[error("the call is {size} bytes, the conductor takes at most {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The bound in bytes.
        limit: usize,
    },
    /// The called cell does not run; the conductor did not touch the nonce.
    #[error("the cell of `{role}` is not running: {reason}")]
    CellNotRunning {
        /// The role or clone.
        role: String,
        /// Why, in the conductor's words.
        reason: NotRunning,
        /// Whether an earlier send of the same bytes was lost.
        sent_before: bool,
    },
    /// The conductor refused the call's first send as expired or from the future: the clocks disagree.
    #[error(
        "the conductor's clock disagrees with ours (it calls the nonce {verdict}); synchronise the clocks"
    )]
    ClockSkew {
        /// `expired` or `from the future`.
        verdict: &'static str,
    },
    /// The call expired before it arrived a second time.
    #[error("the call expired before it could be resumed; the first sending may have run")]
    Expired,
    /// The nonce of a prepared call ran out before the call was sent: it did not run. Prepare it again.
    #[error("the call expired before it was sent; prepare it again")]
    ExpiredUnsent,
    /// The conductor has seen this nonce: the call arrived earlier and its answer was lost.
    #[error("the call arrived, but its answer was lost with the link; it runs at most once")]
    Arrived {
        /// When the nonce expires: the call cannot start after that.
        not_started_after: Timestamp,
    },
    /// The nonce is used up, by the call or by a fence for it: the call can no longer start, and only the chain can tell whether it ran.
    #[error("the call's nonce is used up, by the call itself or by a fence; read the chain")]
    Ambiguous {
        /// When the nonce expires.
        not_started_after: Timestamp,
    },
    /// The call was fenced: it never ran and never will.
    #[error("the call was fenced: it never ran and never will; make it again")]
    Fenced,
    /// The conductor answered with an error.
    #[error("{refusal}")]
    Refused {
        /// What it said.
        refusal: Refusal,
        /// Whether an earlier send of the same bytes was lost and this answer does not settle it.
        unsettled: bool,
    },
    /// These bytes may have been sent before, and the conductor's release remembers only the last nonce of each key: if they were
    /// sent again, as they are or as a fence, they could run again or prove nothing. Nothing was sent now.
    #[error("Holochain {release} might run the same call twice, so it was not sent again; read the chain")]
    UnsafeToRepeat {
        /// The conductor's release.
        release: Release,
    },
    /// The conductor's release has no such app request; nothing happened.
    #[error("Holochain {release} has no request `{request}`")]
    NotInRelease {
        /// The request's name on the wire.
        request: String,
        /// The conductor's release.
        release: Release,
    },
    /// The conductor answered without a body: nothing is known.
    #[error("the conductor answered the call without a body")]
    EmptyAnswer,
    /// The conductor's answer is of another kind.
    #[error("the conductor's answer is of another kind: {0}")]
    UnexpectedResponse(String),
    /// The call ran; its output is not of the requested type.
    #[error("the call was answered, but its output does not decode: {0}")]
    Decode(String),
    /// The owner closed the connection. Nothing was sent if `sent` is false.
    #[error("the connection was closed by its owner")]
    Closed {
        /// Whether the call may have left.
        sent: bool,
    },
    /// What [`Ham`](crate::Ham) was doing when `error` ended it. Its text is one line that holds all causes, so it has no
    /// source: services print `{e}`. It answers every question as `error` does; [`inner`](Self::inner) is that error.
    #[error("{doing}: {}", line(.error.as_ref()))]
    During {
        /// The request, in words.
        doing: &'static str,
        /// Why it failed.
        error: Box<Self>,
    },
}

impl CallError {
    /// The error itself, without the words of [`Ham`](crate::Ham) around it: what to match on.
    pub fn inner(&self) -> &Self {
        match self {
            Self::During { error, .. } => error.inner(),
            other => other,
        }
    }
}

impl CallError {
    /// The error of a call whose look-up of the app failed: an answer to the look-up is not an answer to the call.
    pub(crate) fn of_look_up(self) -> Self {
        match self {
            error @ (Self::Refused { .. }
            | Self::EmptyAnswer
            | Self::UnexpectedResponse(_)
            | Self::NotInRelease { .. }) => Self::LookUp { source: Box::new(error) },
            error => error,
        }
    }
}

/// What a request error of the session means for a call that was, or was not, sent before.
pub(crate) fn from_request(error: RequestError, target: &str, sent_before: bool) -> CallError {
    match error {
        RequestError::Overloaded { limit } => CallError::Overloaded { limit },
        RequestError::OverloadedBytes { limit } => CallError::OverloadedBytes { limit },
        RequestError::TimedOut { phase, after } => CallError::TimedOut {
            target: target.to_owned(),
            after,
            sent: sent_before || phase == Phase::Sent,
        },
        RequestError::LinkLost { phase, end } => {
            CallError::LinkLost { end, sent: sent_before || phase == Phase::Sent }
        }
        RequestError::TooLarge { size, limit } => CallError::TooLarge { size, limit },
        RequestError::Draining => CallError::Closed { sent: sent_before },
        other => CallError::Encode(other.to_string()),
    }
}
