//! An error that a conductor answered with, and what it proves. The texts themselves, and the releases that use them, are in
//! [`dialect::refusals`](crate::dialect).

use std::time::Duration;

use holochain_conductor_api::ExternalApiWireError;
use holochain_zome_types::cell::CellId;

use super::not_running::reason_of;
use super::verdict::Verdict;
use crate::dialect::refusals::{
    CELL_MISSING, DISABLED, GUEST, INVALID_COMMIT, NO_FUNCTION, NO_ZOME, NOT_RUNNING, PRESSURE, UNAUTHORIZED,
    UNREADABLE_ENTRY,
};
use crate::dialect::{NOTHING_WRITTEN, NothingWritten, RefusalCause, RefusalKind, Release, Stage};
use crate::redact;
use ham_session::Recovery;

/// First pause of a cell's breaker after source-chain pressure (`HAM_PRESSURE_COOLDOWN_MS`).
pub const DEFAULT_PRESSURE_COOLDOWN: Duration = Duration::from_secs(30);

/// What a call itself left behind on the called cell's source chain.
///
/// Not counted, because they commit on their own and are not undone when the call fails: the cell's `init`, which the first call
/// runs, and calls that the function made to other cells, even if those called back into this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The call's own writes are not on the chain.
    Nothing,
    /// Something may have been written: an error answer can follow the write.
    Unknown,
}

/// An error that a conductor answered with. Capability secrets are removed from its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    kind: RefusalKind,
    text: String,
    /// The release of the conductor, if known.
    release: Option<Release>,
    /// Whether the app no longer has the called cell, as the conductor said when asked.
    without_cell: bool,
}

/// Why a call is not authorised (`holochain_zome_types` 0.7.1, `ZomeCallAuthorization`, and the conductor's nonces).
const REASONS: &[&str] = &[
    "BadNonce(\"Duplicate\")",
    "BadNonce(\"Expired\")",
    "BadNonce(\"Future\")",
    "BadCapGrant",
    "BlockedProvenance",
];

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
        Self { kind, text: redact::conductor_text(&text), release: None, without_cell: false }
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

    /// What the called function left on its cell's source chain, according to [`NOTHING_WRITTEN`].
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
        self.proven().map(|row| row.stage)
    }

    /// What it is about, for the refusals of [`NOTHING_WRITTEN`], and for calls whose cell went away while they ran.
    pub fn cause(&self) -> Option<RefusalCause> {
        let gone = self.without_cell.then_some(RefusalCause::CellMissing);
        gone.or_else(|| self.proven().map(|row| row.cause))
    }

    /// Its row, if the conductor's release is one that says it.
    fn proven(&self) -> Option<&'static NothingWritten> {
        // An unknown reason may say anything about the nonce.
        let unknown = self.kind == RefusalKind::ZomeCallUnauthorized && self.unauthorized_reason().is_none();
        self.row().filter(|row| !unknown && row.on.holds(self.release))
    }

    /// Its row, whichever release says it.
    fn row(&self) -> Option<&'static NothingWritten> {
        NOTHING_WRITTEN.iter().find(|row| row.kind == self.kind && self.text.starts_with(row.prefix))
    }

    /// Whether what this proves depends on the conductor's release.
    pub(crate) fn depends_on_release(&self) -> bool {
        self.release.is_none() && self.row().is_some_and(|row| !row.on.holds(None))
    }

    /// Whether an admin request met a cell that does not run while its app is enabled.
    pub(crate) fn tells_of_a_cell_that_starts(&self) -> bool {
        self.text.starts_with(DISABLED)
            || (self.text.starts_with(NOT_RUNNING) && self.text.contains("NotStarted"))
    }

    /// Whether an admin request met a cell that is not there.
    pub(crate) fn tells_of_a_missing_cell(&self) -> bool {
        self.text.contains("CellMissing(")
    }

    /// Whether a call to a zome that no app has got as far as the zome: the cell runs and its `init` is over.
    pub(crate) fn tells_of_a_cell_that_runs(&self) -> bool {
        self.text.starts_with(NO_ZOME) || self.unauthorized_reason().is_some()
    }

    /// Whether the called cell may no longer be there, in whatever words: no row says what else this is.
    pub(crate) fn may_be_of_a_missing_cell(&self) -> bool {
        let unexplained = self.kind == RefusalKind::InternalError && self.row().is_none();
        self.text.starts_with(CELL_MISSING) || (unexplained && self.recovery() == Recovery::FixCaller)
    }

    /// The same refusal, for a call whose cell is no longer there.
    pub(crate) fn without_cell(mut self) -> Self {
        self.without_cell = true;
        self
    }

    /// The same refusal, from a conductor of this release.
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
        if pressed { Recovery::CoolDown { after: DEFAULT_PRESSURE_COOLDOWN } } else { Recovery::FixCaller }
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

    /// Whether it was decided before the nonce, so that nothing of this send of a call on `cell` ran.
    pub(crate) fn is_before_nonce(&self, cell: &CellId) -> bool {
        let about_another =
            |prefix: &&str| self.text.starts_with(*prefix) && self.after_cell(prefix, cell).is_none();
        self.stage() == Some(Stage::BeforeNonce)
            && ![CELL_MISSING, DISABLED, NOT_RUNNING].iter().any(about_another)
    }

    /// What follows the cell in a text that begins with `prefix` and is about `cell`.
    fn after_cell(&self, prefix: &str, cell: &CellId) -> Option<&str> {
        self.text.strip_prefix(prefix)?.strip_prefix(&format!("{cell:?}"))
    }

    /// Why a call was not authorised, if the reason is a known one.
    fn unauthorized_reason(&self) -> Option<&str> {
        if self.kind != RefusalKind::ZomeCallUnauthorized {
            return None;
        }
        let (reason, _) = self.text.strip_prefix(UNAUTHORIZED)?.split_once(", cap secret ")?;
        REASONS.contains(&reason).then_some(reason)
    }

    /// Reads `CellNotRunning(<our cell>, <reason>)` or `CellDisabled(<our cell>)`, if the release says so. The cell must be ours: the
    /// error of a nested call uses the same words about another cell, from a call that did run.
    fn not_running(&self, cell: &CellId) -> Verdict {
        if self.stage().is_none() {
            return Verdict::Other;
        }
        let about_ours = |prefix| self.after_cell(prefix, cell);
        if about_ours(CELL_MISSING).is_some() {
            return Verdict::NoCell;
        }
        if about_ours(DISABLED) == Some(")") {
            return Verdict::NotRunningUnexplained;
        }
        match about_ours(NOT_RUNNING).and_then(|text| text.strip_prefix(", ")) {
            Some(reason) => Verdict::NotRunning(reason_of(reason.strip_suffix(')').unwrap_or(reason))),
            None => Verdict::Other,
        }
    }
}

#[cfg(test)]
mod tests;
