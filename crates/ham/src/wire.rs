//! The only file that names upstream's wire error types and reads their texts.
//!
//! Every text that is matched here was captured from a running `holochain` 0.7.1; `tests/wire_captures.rs` provokes
//! them again on a real conductor, so that a bump which rewords one fails the suite.

use std::fmt;

use bytes::Bytes;
use ham_session::Recovery;
use holochain_conductor_api::{AdminResponse, AppInfo, AppResponse, ExternalApiWireError};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ExternIO;
use serde::Deserialize;

use crate::conductor::{Incoming, decode_app};
use crate::redact;

/// The version of Holochain whose requests and answers these are.
pub const SPOKEN: &str = "Holochain 0.7";

/// What an answered call left behind on the called cell's own source chain.
///
/// Calls that a zome makes into *other* cells commit on their own and are not undone when the caller fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing was written by this call.
    Nothing,
    /// Something may have been written: an error answer can follow the write.
    Unknown,
}

/// Which of the conductor's error variants it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalKind {
    /// `InternalError`: everything that has no variant of its own, guest errors included.
    InternalError,
    /// `Deserialization`: the conductor could not read the request.
    Deserialization,
    /// `DnaReadError`.
    DnaReadError,
    /// `RibosomeError`.
    RibosomeError,
    /// `ZomeCallAuthenticationFailed`: the signature does not fit.
    ZomeCallAuthenticationFailed,
    /// `ZomeCallUnauthorized`: nonce, grant or block list refused the call.
    ZomeCallUnauthorized,
    /// `CountersigningSessionError`.
    CountersigningSessionError,
}

/// An error that a conductor answered with. Capability secrets are removed from its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    kind: RefusalKind,
    text: String,
}

/// Why a cell does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRunning {
    /// The app is enabled but the cell has not finished starting: wait.
    NotStarted,
    /// The app is disabled, for the reason the conductor gave: enable it.
    AppDisabled(String),
    /// The app waits for membrane proofs: provide them.
    AwaitingMemproofs,
    /// The app restores its source chains from the network.
    AwaitingRestore,
    /// The restore failed for good: reinstall.
    Unrecoverable(String),
    /// The clone is disabled: enable it.
    CloneDisabled,
    /// A reason this version of ham does not know.
    Other(String),
}

impl fmt::Display for NotRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted => f.write_str("the cell has not finished starting"),
            Self::AppDisabled(why) => write!(f, "the app is disabled ({why}); enable it"),
            Self::AwaitingMemproofs => f.write_str("the app waits for membrane proofs; provide them"),
            Self::AwaitingRestore => f.write_str("the app restores its source chains from the network"),
            Self::Unrecoverable(why) => write!(f, "the app cannot be restored ({why}); reinstall it"),
            Self::CloneDisabled => f.write_str("the clone is disabled; enable it"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// What the text of a refused zome call proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The nonce was claimed before: done, failed, refused, never started, or still running.
    Duplicate,
    /// The conductor's clock is past the call's expiry.
    Expired,
    /// The conductor's clock is so far behind that the expiry looks absurd.
    FromTheFuture,
    /// The called cell does not run; the nonce was not touched.
    NotRunning(NotRunning),
    /// The function does not exist: the nonce was claimed and nothing ran.
    NoSuchFunction,
    /// Refused by the grant check: the nonce was claimed and nothing ran.
    NoGrant,
    /// Anything else.
    Other,
}

const NOT_RUNNING: &str = "Conductor returned an error while using a ConductorApi: CellNotRunning(";
const UNAUTHORIZED: &str = "Call was not authorized with reason ";
const UNREADABLE: &str = "Serialization error while using a InterfaceApi: ";
const NO_ZOME: &str = "ZomeError: Zome not found: ";
const CELL_MISSING: &str = "Conductor returned an error while using a ConductorApi: CellMissing(";
/// A zome function that failed: by its own error, by a host function, by a trap. The scratch space is dropped.
const GUEST: &str = "Wasm runtime error while working with Ribosome: RuntimeError: ";
const INVALID_COMMIT: &str = "Source chain error: InvalidCommit error: ";
/// Two calls wrote to one chain at a time; this one lost, in the transaction that would have written.
const HEAD_MOVED: &str = "Source chain error: Attempted to commit a bundle to the source chain, but the source chain head has moved";
const NO_FUNCTION: &str = "Attempted to call a zome function that doesn't exist";

/// When a refusal was decided, relative to the claim of the nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The same bytes are refused the same way whenever they come.
    Always,
    /// Before the nonce, by what was installed at that moment: the same bytes, sent earlier, may have run.
    BeforeNonce,
    /// By the nonce or after it was claimed: this sending was the first to arrive, or the answer says otherwise.
    AtNonce,
}

/// Variant, anchored prefix and stage of every answer after which nothing was written. What is not in it is
/// [`Effect::Unknown`]. An anchored prefix cannot be forged by a zome: its own words only ever come after it.
pub const NOTHING_WRITTEN: &[(RefusalKind, &str, Stage)] = &[
    (RefusalKind::ZomeCallAuthenticationFailed, "Authentication failure. Bad signature", Stage::Always),
    (RefusalKind::Deserialization, "", Stage::Always),
    (RefusalKind::InternalError, UNREADABLE, Stage::Always),
    (RefusalKind::ZomeCallUnauthorized, UNAUTHORIZED, Stage::AtNonce),
    (RefusalKind::InternalError, NO_FUNCTION, Stage::AtNonce),
    (RefusalKind::InternalError, GUEST, Stage::AtNonce),
    (RefusalKind::InternalError, INVALID_COMMIT, Stage::AtNonce),
    (RefusalKind::InternalError, HEAD_MOVED, Stage::AtNonce),
    (RefusalKind::InternalError, NO_ZOME, Stage::BeforeNonce),
    (RefusalKind::InternalError, NOT_RUNNING, Stage::BeforeNonce),
    (RefusalKind::InternalError, CELL_MISSING, Stage::BeforeNonce),
];

/// Texts that mean "busy, later": the conductor's own queues and locks.
const PRESSURE: &[&str] = &["deadline has elapsed", "database is locked", "timed out", "head has moved"];

impl From<ExternalApiWireError> for Refusal {
    fn from(error: ExternalApiWireError) -> Self {
        let (kind, text) = match error {
            ExternalApiWireError::InternalError(text) => (RefusalKind::InternalError, text),
            ExternalApiWireError::Deserialization(text) => (RefusalKind::Deserialization, text),
            ExternalApiWireError::DnaReadError(text) => (RefusalKind::DnaReadError, text),
            ExternalApiWireError::RibosomeError(text) => (RefusalKind::RibosomeError, text),
            ExternalApiWireError::ZomeCallAuthenticationFailed(text) => {
                (RefusalKind::ZomeCallAuthenticationFailed, text)
            }
            ExternalApiWireError::ZomeCallUnauthorized(text) => (RefusalKind::ZomeCallUnauthorized, text),
            ExternalApiWireError::CountersigningSessionError(text) => {
                (RefusalKind::CountersigningSessionError, text)
            }
        };
        Self { kind, text: redact::conductor_text(&text) }
    }
}

impl Refusal {
    /// Which of the conductor's error variants it was.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The conductor's words, without capability secrets.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the call left on the called cell's source chain, after [`NOTHING_WRITTEN`].
    pub fn effect(&self) -> Effect {
        // The first use of a claimed nonce may have written.
        if self.stage().is_some() && self.unauthorized_reason() != Some("BadNonce(\"Duplicate\")") {
            Effect::Nothing
        } else {
            Effect::Unknown
        }
    }

    /// When it was decided, for the refusals of [`NOTHING_WRITTEN`].
    pub fn stage(&self) -> Option<Stage> {
        NOTHING_WRITTEN
            .iter()
            .find(|(kind, prefix, _)| *kind == self.kind && self.text.starts_with(prefix))
            .map(|(_, _, stage)| *stage)
    }

    /// What the owner can do about it.
    pub fn recovery(&self) -> Recovery {
        let pressed = self.kind == RefusalKind::InternalError
            && !self.text.starts_with(GUEST)
            && !self.text.starts_with(INVALID_COMMIT)
            && PRESSURE.iter().any(|words| self.text.contains(words));
        if pressed {
            Recovery::CoolDown { after: crate::config::DEFAULT_PRESSURE_COOLDOWN }
        } else {
            Recovery::FixCaller
        }
    }

    /// What the refusal of a zome call on `cell` proves.
    pub(crate) fn verdict(&self, cell: &CellId) -> Verdict {
        match self.kind {
            RefusalKind::ZomeCallUnauthorized => match self.unauthorized_reason() {
                Some("BadNonce(\"Duplicate\")") => Verdict::Duplicate,
                Some("BadNonce(\"Expired\")") => Verdict::Expired,
                Some("BadNonce(\"Future\")") => Verdict::FromTheFuture,
                Some("BadCapGrant") => Verdict::NoGrant,
                _ => Verdict::Other,
            },
            RefusalKind::InternalError => {
                if self.text.starts_with(NO_FUNCTION) {
                    return Verdict::NoSuchFunction;
                }
                not_running(&self.text, cell).map_or(Verdict::Other, Verdict::NotRunning)
            }
            RefusalKind::Deserialization
            | RefusalKind::DnaReadError
            | RefusalKind::RibosomeError
            | RefusalKind::ZomeCallAuthenticationFailed
            | RefusalKind::CountersigningSessionError => Verdict::Other,
        }
    }

    fn unauthorized_reason(&self) -> Option<&str> {
        if self.kind != RefusalKind::ZomeCallUnauthorized {
            return None;
        }
        self.text.strip_prefix(UNAUTHORIZED)?.split_once(", cap secret ").map(|(reason, _)| reason)
    }
}

/// Reads `CellNotRunning(<our cell>, <reason>)`. The cell must be ours: the error of a nested call carries the same
/// words about another cell, from a call that did run.
pub(crate) fn not_running(text: &str, cell: &CellId) -> Option<NotRunning> {
    let reason = text.strip_prefix(NOT_RUNNING)?.strip_prefix(&format!("{cell:?}, "))?;
    let reason = reason.strip_suffix(')').unwrap_or(reason);
    let inner = |name: &str| {
        reason.strip_prefix(name).map(|rest| rest.trim_matches(|c| c == '(' || c == ')').to_owned())
    };
    Some(match reason {
        "NotStarted" => NotRunning::NotStarted,
        "AppAwaitingMemproofs" => NotRunning::AwaitingMemproofs,
        "AppAwaitingRestore" => NotRunning::AwaitingRestore,
        "CloneCellDisabled" => NotRunning::CloneDisabled,
        other => inner("AppDisabled")
            .map(NotRunning::AppDisabled)
            .or_else(|| inner("AppUnrecoverable").map(NotRunning::Unrecoverable))
            .unwrap_or_else(|| NotRunning::Other(other.to_owned())),
    })
}

/// An answer that is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// The conductor answered with an error.
    #[error(transparent)]
    Refused(Refusal),
    /// The conductor answered without a body: nothing is known about the request.
    #[error("the conductor answered without a body")]
    Empty,
    /// The answer could not be decoded.
    #[error("the conductor's answer does not decode, so it speaks another version than {SPOKEN}: {0}")]
    Undecodable(String),
    /// The answer is of another kind than the request.
    #[error("expected the answer `{expected}`, got `{got}`")]
    Unexpected {
        /// The kind that was asked for.
        expected: &'static str,
        /// The kind that came.
        got: String,
    },
}

/// The body of an answer.
fn body(incoming: Incoming) -> Result<Bytes, BadAnswer> {
    match incoming {
        Incoming::Answer(Some(body)) => Ok(body),
        Incoming::Answer(None) => Err(BadAnswer::Empty),
        Incoming::Signal(_) => Err(BadAnswer::Unexpected { expected: "answer", got: "signal".into() }),
    }
}

/// An app answer that is not an error.
pub(crate) fn app_answer(incoming: Incoming) -> Result<AppResponse, BadAnswer> {
    app_response(&body(incoming)?)
}

fn app_response(body: &[u8]) -> Result<AppResponse, BadAnswer> {
    match decode_app(body).map_err(BadAnswer::Undecodable)? {
        AppResponse::Error(error) => Err(BadAnswer::Refused(Refusal::from(error))),
        response => Ok(response),
    }
}

/// An admin answer that is not an error.
pub(crate) fn admin_answer(incoming: Incoming) -> Result<AdminResponse, BadAnswer> {
    let body = body(incoming)?;
    match rmp_serde::from_slice(&body).map_err(|error| BadAnswer::Undecodable(error.to_string()))? {
        AdminResponse::Error(error) => Err(BadAnswer::Refused(Refusal::from(error))),
        response => Ok(response),
    }
}

/// The output of a zome call.
pub(crate) fn zome_output(incoming: Incoming) -> Result<ExternIO, BadAnswer> {
    let body = body(incoming)?;
    // The usual answer is read in place; upstream's tagged enum buffers it first.
    if let Ok(ZomeCalled { r#type: ZOME_CALLED, value }) = rmp_serde::from_slice(&body) {
        return Ok(ExternIO::from(value.to_vec()));
    }
    match app_response(&body)? {
        AppResponse::ZomeCalled(output) => Ok(*output),
        other => Err(unexpected(ZOME_CALLED, &other)),
    }
}

/// [`AppResponse::ZomeCalled`] as it is read.
#[derive(Deserialize)]
struct ZomeCalled<'a> {
    r#type: &'a str,
    #[serde(borrow)]
    value: &'a serde_bytes::Bytes,
}

const ZOME_CALLED: &str = "zome_called";

/// The app info of a handshake. The error is for people.
pub(crate) fn app_info(body: &[u8]) -> Result<AppInfo, String> {
    match decode_app(body).map_err(|why| BadAnswer::Undecodable(why).to_string())? {
        AppResponse::AppInfo(Some(info)) => Ok(info),
        AppResponse::AppInfo(None) => Err("the app behind the token is not installed any more".into()),
        AppResponse::Error(error) => Err(Refusal::from(error).text),
        other => Err(unexpected("app_info", &other).to_string()),
    }
}

/// An answer of the wrong kind, named by its first word: bodies may hold anything.
pub(crate) fn unexpected(expected: &'static str, got: &impl fmt::Debug) -> BadAnswer {
    let got = format!("{got:?}");
    let end = got.find(|c: char| !c.is_alphanumeric()).unwrap_or(got.len());
    BadAnswer::Unexpected { expected, got: got[..end].to_owned() }
}

#[cfg(test)]
mod tests;
