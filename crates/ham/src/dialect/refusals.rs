//! The texts of conductors' errors, and what they prove on each release.
//!
//! Every text was captured from running conductors; `tests/real/wire_captures.rs` provokes them again on each release, so that a
//! release that rewords one fails the suite.

use super::release::Release;

/// Which of the conductor's error variants it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalKind {
    /// `InternalError`: everything without a variant of its own, guest errors included.
    InternalError,
    /// `Deserialization`: the conductor could not read the request.
    Deserialization,
    /// `DnaReadError`.
    DnaReadError,
    /// `RibosomeError`.
    RibosomeError,
    /// `ZomeCallAuthenticationFailed`: the signature does not match.
    ZomeCallAuthenticationFailed,
    /// `ZomeCallUnauthorized`: nonce, grant or block list refused the call.
    ZomeCallUnauthorized,
    /// `CountersigningSessionError`.
    CountersigningSessionError,
}

/// When a refusal was decided, relative to the claim of the nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the nonce, because of what was installed at that moment, the conductor itself included: the same bytes may have run if
    /// they were sent earlier.
    BeforeNonce,
    /// In a function that ran. The cell's `init`, which runs before the nonce, fails in the same words, so this does not say either
    /// what became of the same bytes if they were sent earlier.
    InFunction,
    /// At the nonce or after it was claimed: this send was the first to arrive, unless the answer says otherwise.
    AtNonce,
}

/// What a refusal is about, for the refusals of [`NOTHING_WRITTEN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalCause {
    /// The signature does not match.
    Signature,
    /// The conductor could not read the request.
    UnreadableRequest,
    /// Nonce, grant or block list.
    Unauthorized,
    /// The zome has no such function.
    NoFunction,
    /// The app has no such zome.
    NoZome,
    /// The zome function failed: by its own error, by a host function, by a trap.
    Function,
    /// A validation callback rejects what the function wrote.
    InvalidCommit,
    /// Another call wrote to the chain in the meantime.
    HeadMoved,
    /// The cell is not running.
    CellNotRunning,
    /// The cell does not exist, or no longer does.
    CellMissing,
    /// An embedded conductor reverted to a snapshot and cut the call off.
    CutOff,
}

/// The releases that a row applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// All releases that ham speaks.
    All,
    /// This release and earlier ones.
    Until(Release),
    /// This release and later ones.
    Since(Release),
}

impl Span {
    /// Whether a release is among them. An unknown release is only in [`All`](Self::All).
    #[must_use]
    pub fn holds(self, release: Option<Release>) -> bool {
        match (self, release) {
            (Self::All, _) => true,
            (Self::Until(last), Some(release)) => release <= last,
            (Self::Since(first), Some(release)) => release >= first,
            (Self::Until(_) | Self::Since(_), None) => false,
        }
    }
}

/// An answer to a zome call after which the called cell's chain holds nothing that the function itself wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NothingWritten {
    /// The conductor's error variant.
    pub kind: RefusalKind,
    /// How its text starts. A zome cannot forge an anchored prefix: its own words only ever come after it.
    pub prefix: &'static str,
    /// What it is about.
    pub cause: RefusalCause,
    /// When it was decided.
    pub stage: Stage,
    /// Which releases say it.
    pub on: Span,
}

pub(crate) const UNAUTHORIZED: &str = "Call was not authorized with reason ";
pub(crate) const NO_FUNCTION: &str = "Attempted to call a zome function that doesn't exist";
/// A zome function failed: by its own error, by a host function, by a trap. The scratch space is dropped.
pub(crate) const GUEST: &str = "Wasm runtime error while working with Ribosome: RuntimeError: ";
pub(crate) const INVALID_COMMIT: &str = "Source chain error: InvalidCommit error: ";
/// An embedded conductor reverts to a snapshot.
pub(crate) const CUT_OFF: &str = "The call was cut off: the conductor goes back to a snapshot";
/// An embedded conductor has removed the cell with everything in it: the call ended because of that, or for a reason of its own.
pub(crate) const REMOVED: &str = "The cell was removed while the call ran: nothing of it is left";
/// A cell that does not run; the reason follows the cell.
pub(crate) const NOT_RUNNING: &str =
    "Conductor returned an error while using a ConductorApi: CellNotRunning(";
/// The same without a reason: the app's status has to supply it.
pub(crate) const DISABLED: &str = "Conductor returned an error while using a ConductorApi: CellDisabled(";
pub(crate) const CELL_MISSING: &str = "Conductor returned an error while using a ConductorApi: CellMissing(";
const UNREADABLE: &str = "Serialization error while using a InterfaceApi: ";
pub(crate) const NO_ZOME: &str = "ZomeError: Zome not found: ";
/// Two calls wrote to one chain at the same time; this one lost, in the transaction that would have written.
const HEAD_MOVED: &str = "Source chain error: Attempted to commit a bundle to the source chain, but the source chain head has moved";
/// A chain holds a grant that an earlier release wrote and this one cannot read: the conductor then returns neither the grants nor
/// that page of the chain.
pub(crate) const UNREADABLE_ENTRY: &str = "error occurred while decoding: decode Entry: ";

/// Texts that mean "busy, later": the conductor's own queues and locks.
pub(crate) const PRESSURE: &[&str] =
    &["deadline has elapsed", "database is locked", "timed out", "head has moved"];

const fn row(
    kind: RefusalKind,
    prefix: &'static str,
    cause: RefusalCause,
    stage: Stage,
    on: Span,
) -> NothingWritten {
    NothingWritten { kind, prefix, cause, stage, on }
}

/// Every answer after which the called function has written nothing itself. Any other answer is [`Effect::Unknown`](crate::Effect::Unknown).
pub const NOTHING_WRITTEN: &[NothingWritten] = {
    use RefusalKind::{Deserialization, InternalError, ZomeCallAuthenticationFailed, ZomeCallUnauthorized};
    use Span::{All, Since, Until};
    use Stage::{AtNonce, BeforeNonce, InFunction};
    &[
        row(
            ZomeCallAuthenticationFailed,
            "Authentication failure. Bad signature",
            RefusalCause::Signature,
            BeforeNonce,
            All,
        ),
        row(Deserialization, "", RefusalCause::UnreadableRequest, BeforeNonce, All),
        row(InternalError, UNREADABLE, RefusalCause::UnreadableRequest, BeforeNonce, All),
        row(ZomeCallUnauthorized, UNAUTHORIZED, RefusalCause::Unauthorized, AtNonce, All),
        row(InternalError, NO_FUNCTION, RefusalCause::NoFunction, AtNonce, All),
        row(InternalError, GUEST, RefusalCause::Function, InFunction, All),
        row(InternalError, INVALID_COMMIT, RefusalCause::InvalidCommit, InFunction, All),
        row(InternalError, HEAD_MOVED, RefusalCause::HeadMoved, InFunction, All),
        row(InternalError, CUT_OFF, RefusalCause::CutOff, InFunction, All),
        row(InternalError, REMOVED, RefusalCause::CellMissing, InFunction, All),
        row(InternalError, NO_ZOME, RefusalCause::NoZome, BeforeNonce, All),
        row(InternalError, NOT_RUNNING, RefusalCause::CellNotRunning, BeforeNonce, Since(Release::V0_7_1)),
        row(InternalError, DISABLED, RefusalCause::CellNotRunning, BeforeNonce, Until(Release::V0_7_0)),
        row(InternalError, CELL_MISSING, RefusalCause::CellMissing, BeforeNonce, All),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_that_is_not_known_proves_only_what_all_say() {
        let (old, new) = (Span::Until(Release::V0_7_0), Span::Since(Release::V0_7_1));
        for release in Release::ALL {
            assert!(Span::All.holds(Some(release)));
            assert_ne!(old.holds(Some(release)), new.holds(Some(release)), "{release}");
        }
        assert!(Span::All.holds(None) && !old.holds(None) && !new.holds(None));
    }
}
