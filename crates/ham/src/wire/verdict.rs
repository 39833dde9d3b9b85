//! What a refusal of a zome call proves.

use super::not_running::NotRunning;

/// What the text of a refused zome call proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The nonce was already claimed: the call is done, failed, refused, never started, or still running.
    Duplicate,
    /// The conductor's clock is past the call's expiry.
    Expired,
    /// The conductor's clock is so far behind that the expiry looks absurd.
    FromTheFuture,
    /// The called cell does not run; the nonce was not touched.
    NotRunning(NotRunning),
    /// The same from a release that gives no reason: the app's status tells it.
    NotRunningUnexplained,
    /// The called cell does not exist: nothing of the call ran.
    NoCell,
    /// The app is no longer installed, whatever the text says.
    NoApp,
    /// The function does not exist: the nonce was claimed and nothing ran.
    NoSuchFunction,
    /// Refused by the grant check: the nonce was claimed and nothing ran.
    NoGrant,
    /// Anything else.
    Other,
}
