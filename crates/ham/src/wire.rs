//! The only file that names upstream's wire error types and reads their texts. The texts themselves, and the releases
//! that say them, stand in [`dialect::refusals`](crate::dialect).

use std::fmt;

use bytes::Bytes;
use ham_session::Recovery;
use holochain_conductor_api::{AdminResponse, AppInfo, AppResponse, ExternalApiWireError};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ExternIO;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::conductor::{Incoming, decode_app};
use crate::dialect::refusals::{
    DISABLED, GUEST, INVALID_COMMIT, NO_FUNCTION, NO_ZOME, NOT_RUNNING, PRESSURE, UNAUTHORIZED,
    UNREADABLE_ENTRY,
};
use crate::dialect::{NOTHING_WRITTEN, NothingWritten, Release, Stage};
use crate::redact;

/// The releases of Holochain whose requests and answers ham knows.
pub const SPOKEN: &str = "Holochain 0.6, 0.7.0, 0.7.1 and 0.8-dev";

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
    /// The release of the conductor, where it is known.
    release: Option<Release>,
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
    /// The same from a release that gives no reason: the app's status tells it.
    NotRunningUnexplained,
    /// The function does not exist: the nonce was claimed and nothing ran.
    NoSuchFunction,
    /// Refused by the grant check: the nonce was claimed and nothing ran.
    NoGrant,
    /// Anything else.
    Other,
}

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
        Self { kind, text: redact::conductor_text(&text), release: None }
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
        self.row().filter(|row| row.on.holds(self.release)).map(|row| row.stage)
    }

    /// Its row, whichever release says it.
    fn row(&self) -> Option<&'static NothingWritten> {
        NOTHING_WRITTEN.iter().find(|row| row.kind == self.kind && self.text.starts_with(row.prefix))
    }

    /// Whether it depends on the conductor's release what this proves.
    pub(crate) fn depends_on_release(&self) -> bool {
        self.release.is_none() && self.row().is_some_and(|row| !row.on.holds(None))
    }

    /// Whether an admin request met a cell that does not run while its app is enabled.
    pub(crate) fn tells_of_a_cell_that_starts(&self) -> bool {
        self.text.starts_with(DISABLED)
            || (self.text.starts_with(NOT_RUNNING) && self.text.contains("NotStarted"))
    }

    /// Whether a call of a zome that no app has came as far as that: the cell runs and its `init` is over.
    pub(crate) fn tells_of_a_cell_that_runs(&self) -> bool {
        self.text.starts_with(NO_ZOME) || self.stage() == Some(Stage::AtNonce)
    }

    /// The same, said by a conductor of this release.
    pub(crate) fn said_by(mut self, release: Release) -> Self {
        self.release = Some(release);
        self
    }

    /// Whether the conductor could not read the request.
    pub(crate) fn is_unreadable_request(&self) -> bool {
        self.kind == RefusalKind::Deserialization
    }

    /// Whether the conductor cannot read an entry of the chain, which an earlier release wrote.
    pub fn is_unreadable_entry(&self) -> bool {
        self.kind == RefusalKind::InternalError && self.text.contains(UNREADABLE_ENTRY)
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
                self.not_running(cell)
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

    /// Reads `CellNotRunning(<our cell>, <reason>)` or `CellDisabled(<our cell>)`, where the release says so. The cell must
    /// be ours: the error of a nested call carries the same words about another cell, from a call that did run.
    fn not_running(&self, cell: &CellId) -> Verdict {
        if self.stage().is_none() {
            return Verdict::Other;
        }
        let ours = format!("{cell:?}");
        let about_ours = |prefix| self.text.strip_prefix(prefix).and_then(|text| text.strip_prefix(&ours));
        if about_ours(DISABLED) == Some(")") {
            return Verdict::NotRunningUnexplained;
        }
        match about_ours(NOT_RUNNING).and_then(|text| text.strip_prefix(", ")) {
            Some(reason) => Verdict::NotRunning(reason_of(reason.strip_suffix(')').unwrap_or(reason))),
            None => Verdict::Other,
        }
    }
}

/// Why a cell does not run, in the conductor's words.
fn reason_of(words: &str) -> NotRunning {
    let inner = |name: &str| {
        words.strip_prefix(name).map(|rest| rest.trim_matches(|c| c == '(' || c == ')').to_owned())
    };
    match words {
        "NotStarted" => NotRunning::NotStarted,
        "AppAwaitingMemproofs" => NotRunning::AwaitingMemproofs,
        "AppAwaitingRestore" => NotRunning::AwaitingRestore,
        "CloneCellDisabled" => NotRunning::CloneDisabled,
        other => inner("AppDisabled")
            .map(NotRunning::AppDisabled)
            .or_else(|| inner("AppUnrecoverable").map(NotRunning::Unrecoverable))
            .unwrap_or_else(|| NotRunning::Other(other.to_owned())),
    }
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
    #[error("the conductor's answer does not decode; ham speaks {SPOKEN}: {0}")]
    Undecodable(String),
    /// The answer is none of the release that the conductor was found to be, or named as.
    #[error("the conductor does not answer as Holochain {release} does: {why}")]
    OtherRelease {
        /// The release it was taken for.
        release: Release,
        /// What does not fit.
        why: String,
    },
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

/// An answer whose words are ham's own, by its name on the wire.
pub(crate) fn named<T: DeserializeOwned>(incoming: Incoming, expected: &'static str) -> Result<T, BadAnswer> {
    let body = body(incoming)?;
    let got = answered(&body)?;
    if got != expected {
        return Err(BadAnswer::Unexpected { expected, got: got.chars().take(MAX_KIND).collect() });
    }
    rmp_serde::from_slice::<Valued<T>>(&body)
        .map(|answer| answer.value)
        .map_err(|error| BadAnswer::Undecodable(error.to_string()))
}

/// Whether a conductor could read the request that this answers.
pub(crate) fn was_read(incoming: Incoming) -> Result<bool, BadAnswer> {
    match answered(&body(incoming)?) {
        Ok(_) => Ok(true),
        Err(BadAnswer::Refused(refusal)) => Ok(!refusal.is_unreadable_request()),
        Err(other) => Err(other),
    }
}

/// The name of an answer that is not an error.
fn answered(body: &[u8]) -> Result<&str, BadAnswer> {
    match kind(body).map_err(BadAnswer::Undecodable)? {
        "error" => match rmp_serde::from_slice::<Valued<ExternalApiWireError>>(body) {
            Ok(answer) => Err(BadAnswer::Refused(Refusal::from(answer.value))),
            Err(error) => Err(BadAnswer::Undecodable(error.to_string())),
        },
        name => Ok(name),
    }
}

/// The name of a request or of an answer.
pub(crate) fn kind(body: &[u8]) -> Result<&str, String> {
    rmp_serde::from_slice::<Kind<'_>>(body).map(|kind| kind.r#type).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct Kind<'a> {
    r#type: &'a str,
}

#[derive(Deserialize)]
struct Valued<T> {
    value: T,
}

/// More than the longest name a conductor gives to an answer: a peer's text is not repeated beyond it.
const MAX_KIND: usize = 64;

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
